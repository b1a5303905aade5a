import { isAccountEmail } from "../../core/account.ts";
import { adviseOn } from "../../core/advice.ts";
import type { Reason } from "../../core/reason.ts";
import { parseScopes } from "../../core/scopes.ts";
import { type Finding, quote } from "./finding.ts";
import { type Annotation, findAnnotation, type Part } from "./part.ts";
import type { LintSettings } from "./settings.ts";

/**
 * Finds annotations that are no texts, and accounts and scopes that are malformed.
 *
 * Values where the daemon does not look are not read.
 *
 * @param part Part of a manifest.
 * @param settings Which keys there are.
 */
export function checkValues(
  part: Part,
  settings: LintSettings,
): readonly Finding[] {
  if (part.malformedAt !== undefined) {
    return [{
      place: part.malformedAt,
      severity: "error",
      rule: "annotations-malformed",
      object: part.object,
      message: "The annotations are no mapping",
      advice: "Write each annotation as KEY: VALUE",
    }];
  }
  const { serviceAccount, scopes, allowedServiceAccounts } = settings.keys;
  switch (part.role) {
    case "pod":
      return [
        ...checkText(part, {
          settings,
          key: serviceAccount,
          check: checkAccount,
        }),
        ...checkText(part, { settings, key: scopes, check: checkScopes }),
      ];
    case "namespace":
      return checkText(part, {
        settings,
        key: allowedServiceAccounts,
        check: () => undefined,
      });
    case "controller":
    case "other":
      return [];
  }
}

/** Tells what is wrong with a value, if anything. */
type Check = (
  value: string,
) =>
  | { readonly reason: Reason & Finding["rule"]; readonly message: string }
  | undefined;

function checkText(
  part: Part,
  { settings, key, check }: {
    readonly settings: LintSettings;
    readonly key: string;
    readonly check: Check;
  },
): readonly Finding[] {
  const annotation = findAnnotation(part, key);
  if (annotation === undefined) return [];
  const { object } = part;
  if (typeof annotation.value !== "string") {
    return [notText(annotation, object)];
  }
  const flaw = check(annotation.value);
  if (flaw === undefined) return [];
  return [{
    place: annotation.valuePlace,
    severity: "error",
    rule: flaw.reason,
    object,
    message: `${key}: ${flaw.message}`,
    advice: adviseOn(flaw.reason, {
      keys: settings.keys,
      namespace: part.namespace ?? "",
    }),
  }];
}

function notText(
  { key, value, valuePlace }: Annotation,
  object: string,
): Finding {
  const isEmpty = value === null;
  return {
    place: valuePlace,
    severity: "error",
    rule: "annotation-not-text",
    object,
    message: isEmpty
      ? `${key} has no value`
      : `${key} is no text, but ${quote(value)}, which Kubernetes refuses`,
    advice: isEmpty
      ? "Give it a value, or remove it"
      : "Put the value in quotes",
  };
}

const checkAccount: Check = (value) =>
  isAccountEmail(value.trim()) ? undefined : {
    reason: "account-malformed",
    message: `${quote(value)} is not the e-mail of a Google service account`,
  };

const checkScopes: Check = (value) =>
  parseScopes(value) !== undefined ? undefined : {
    reason: "scopes-malformed",
    message: `${
      quote(value)
    } is no list of OAuth scopes of at most 4,096 characters`,
  };
