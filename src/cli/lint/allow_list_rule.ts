import { ACCOUNT_EMAILS, accountsIn } from "../../core/account.ts";
import { type AllowList, parseAllowList } from "../../core/allow_list.ts";
import type { Glob } from "../../core/glob.ts";
import { type Finding, quote } from "./finding.ts";
import { findAnnotation, type Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Finds allow-lists that are malformed, that allow nothing, or the accounts of all the world.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 */
export function checkAllowList(
  part: Part,
  { keys }: LintSettings,
): readonly Finding[] {
  if (part.role !== "namespace") return [];
  const key = keys.allowedServiceAccounts;
  const found = findAnnotation(part, key);
  if (found === undefined || typeof found.value !== "string") return [];
  return judgeList(parseAllowList(found.value)).map((flaw) => ({
    place: found.valuePlace,
    object: part.object,
    ...flaw,
    message: `${key}: ${flaw.message}`,
  }));
}

type Flaw = Omit<Finding, "place" | "object">;

function judgeList(list: AllowList): readonly Flaw[] {
  if (list.kind === "absent") return [];
  if (list.kind === "malformed") {
    return [{
      severity: "error",
      rule: "namespace-list-malformed",
      message:
        "The list is no JSON array of strings of at most 32,768 characters, and allows nothing",
      advice:
        'Write it such as ["app@PROJECT.iam.gserviceaccount.com", "shop-*@PROJECT.iam.gserviceaccount.com"]',
    }];
  }
  if (list.patterns.length === 0) {
    return [{
      severity: "warning",
      rule: "list-empty",
      message: "The list is empty, and allows nothing",
      advice:
        "Remove the annotation if nothing is to be allowed, or name the accounts",
    }];
  }
  return list.patterns.flatMap(judgePattern);
}

/** Two projects that nobody has. */
const STRANGE_PROJECTS = ["no-such-project-17", "another-one-93"].map(
  (project) => accountsIn(`${project}.iam.gserviceaccount.com`),
);

/** Accounts of two projects, of the kinds that have the project in front of the `@`. */
const STRANGERS = [
  [
    "190283746556-compute@developer.gserviceaccount.com",
    "720394857163-compute@developer.gserviceaccount.com",
  ],
  [
    "no-such-project-17@appspot.gserviceaccount.com",
    "another-one-93@appspot.gserviceaccount.com",
  ],
] as const;

/** Whether it names no project, so that the owner of any can have an account that it matches. */
function matchesEveryProject(pattern: Glob): boolean {
  return STRANGE_PROJECTS.every((accounts) => pattern.matchesSome(accounts)) ||
    STRANGERS.some((strangers) =>
      strangers.every((account) => pattern.matches(account))
    );
}

function judgePattern(pattern: Glob): readonly Flaw[] {
  const shown = quote(pattern.source);
  if (!pattern.isWellFormed) {
    return [{
      severity: "error",
      rule: "pattern-malformed",
      message: `The pattern ${shown} is ill-formed, and matches nothing`,
      advice: "Close each [ with ], and write a literal \\ as \\\\",
    }];
  }
  if (!pattern.matchesSome(ACCOUNT_EMAILS)) {
    return [{
      severity: "error",
      rule: "pattern-matches-nothing",
      message: `The pattern ${shown} matches no account's e-mail`,
      advice: adviseOnNothing(pattern.source),
    }];
  }
  return matchesEveryProject(pattern)
    ? [{
      severity: "warning",
      rule: "pattern-matches-everything",
      message: `The pattern ${shown} matches accounts of every project`,
      advice: "Name the project, as in *@PROJECT.iam.gserviceaccount.com",
    }]
    : [];
}

function adviseOnNothing(source: string): string {
  if (/^serviceAccount:/i.test(source)) {
    return "Leave out serviceAccount: before the e-mail";
  }
  return source === source.toLowerCase()
    ? "Write patterns of whole e-mails, as in *@PROJECT.iam.gserviceaccount.com"
    : "Write e-mails in lower case, as Google does";
}
