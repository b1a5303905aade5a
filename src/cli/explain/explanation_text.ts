import type {
  ExplainedClaim,
  ExplainedPod,
  Explanation,
} from "../../core/explanation.ts";
import type { ExplainedIam } from "../../core/explained_iam.ts";
import type { ExplainedRestrictions } from "../../core/explained_restrictions.ts";
import type {
  ExplainedChoice,
  ExplainedWish,
} from "../../core/explained_wish.ts";
import { showControls, type Style } from "../style.ts";

/**
 * Writes an explanation for people.
 *
 * @param explanation What to write.
 * @param style Makes text stand out.
 * @returns Lines, the last with a line feed.
 */
export function explanationText(
  explanation: Explanation,
  style: Style,
): string {
  const { asked, pod, controllers, claims, wish, restrictions } = explanation;
  const sections = [
    [
      style(asked, "heading"),
      ...(pod === undefined ? [] : describePod(pod)),
      ...(controllers.length === 0 ? [] : [
        fact(
          "made by",
          controllers.map(({ kind, name }) => `${kind} ${name}`).join(", of "),
        ),
      ]),
      ...claims.flatMap((claim) => describeClaim(claim, pod, style)),
    ],
    ...(wish === undefined ? [] : [describeWish(wish, explanation, style)]),
    ...(restrictions === undefined
      ? []
      : [describeRestrictions(restrictions, style)]),
    describeDecision(explanation, style),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const WIDTH = 15;

function fact(name: string, value: string): string {
  return `  ${name.padEnd(WIDTH)} ${showControls(value)}`;
}

function describePod(pod: ExplainedPod): readonly string[] {
  return [
    fact("pod", `${pod.namespace}/${pod.name}`),
    fact("node", pod.node || "none yet"),
    fact("addresses", pod.addresses.join(", ") || "none yet"),
    fact("phase", phaseOf(pod)),
    fact("host network", pod.hostNetwork ? "yes" : "no"),
    fact("runs as", `Kubernetes service account ${pod.serviceAccountName}`),
  ];
}

function phaseOf({ phase, isTerminating }: ExplainedPod): string {
  return isTerminating ? `${phase}, being deleted` : phase;
}

/** Says nothing of an address that is the pod's and nobody else's. */
function describeClaim(
  claim: ExplainedClaim,
  pod: ExplainedPod | undefined,
  style: Style,
): readonly string[] {
  const { address, holders, holderCount } = claim;
  if (pod !== undefined && holderCount === 1) return [];
  const more = holderCount - holders.length;
  return [
    fact(
      "claims",
      holderCount === 0
        ? `no pod has the address ${address}`
        : `${describeOutcome(claim)} ${address}, which these pods have:`,
    ),
    ...holders.map((holder) =>
      `    ${showControls(`${holder.namespace}/${holder.name}`)} ${
        style(describeHolder(holder), "faint")
      }`
    ),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function describeOutcome({ outcome, owner }: ExplainedClaim): string {
  switch (outcome) {
    case "found":
      return `${owner} counts as the caller from`;
    case "unknown":
      return "no pod counts as the caller from";
    case "ambiguous":
      return "more than one pod could be the caller from";
    case "host-network":
      return "only pods on the node's network call from";
  }
}

function describeHolder(pod: ExplainedPod): string {
  const network = pod.hostNetwork ? ", host network" : "";
  return `(${phaseOf(pod)}${network}, on ${pod.node || "no node"})`;
}

function describeWish(
  { account, misspeltKey, scopes, malformedScopes }: ExplainedWish,
  { misplaced }: Explanation,
  style: Style,
): readonly string[] {
  return [
    style("Account", "heading"),
    ...describeChoice(
      account,
      account.value === undefined ? undefined : [account.value],
      style,
    ),
    ...(misspeltKey === undefined ? [] : [
      `  ${style("misspelt:", "bad")} ${
        showControls(
          `the pod has ${misspeltKey.found}; did you mean ${misspeltKey.meant}?`,
        )
      }`,
    ]),
    ...(misplaced === undefined ? [] : [
      `  ${style("misplaced:", "bad")} ${
        showControls(
          `the ${misplaced.kind} ${misplaced.name} has it in ${misplaced.at}, and its pods get what is in ${misplaced.belongsAt}`,
        )
      }`,
    ]),
    style("Scopes", "heading"),
    ...describeChoice(scopes, scopes.value, style),
    ...malformedScopes.map((word) =>
      `  ${style("not a scope:", "bad")} ${showControls(JSON.stringify(word))}`
    ),
  ];
}

function describeChoice(
  { source, from, given }: ExplainedChoice<unknown>,
  values: readonly string[] | undefined,
  style: Style,
): readonly string[] {
  return [
    ...(values ?? []).map((value) => `  ${style(value, "good")}`),
    ...(values === undefined && given !== undefined
      ? [
        `  ${style("malformed:", "bad")} ${
          showControls(JSON.stringify(given))
        }`,
      ]
      : []),
    ...(values === undefined && given === undefined
      ? [`  ${style(source === "none" ? "none" : "not known", "bad")}`]
      : []),
    `  ${style(`${SOURCES[source]} ${from}`, "faint")}`,
  ];
}

const SOURCES: Readonly<
  Record<ExplainedChoice<unknown>["source"], string>
> = {
  annotation: "from the annotation",
  assumed: "assumed, by",
  default: "no annotation; by default, from",
  none: "no annotation, and no default in",
};

function describeRestrictions(
  restrictions: ExplainedRestrictions,
  style: Style,
): readonly string[] {
  const { mode, from, matched, unmatched, unmatchedCount, verdict } =
    restrictions;
  const more = unmatchedCount - unmatched.length;
  return [
    style("Restrictions", "heading"),
    fact("mode", `${mode} (${from})`),
    `  ${showControls(describeVerdict(restrictions))}`,
    ...(matched === undefined
      ? []
      : [`    ${style("matches", "good")}        ${showControls(matched)}`]),
    ...(verdict === "matched"
      ? []
      : unmatched.map(({ pattern, isWellFormed }) =>
        `    ${
          style(isWellFormed ? "does not match" : "ill-formed    ", "bad")
        } ${showControls(pattern)}`
      )),
    ...(verdict !== "matched" && more > 0
      ? [`    and ${more} more that do not match`]
      : []),
  ];
}

function describeVerdict(
  { mode, verdict, key }: ExplainedRestrictions,
): string {
  switch (verdict) {
    case "not-evaluated":
      return mode === "off"
        ? "namespaces restrict nothing"
        : "the namespace is not looked at";
    case "exempt":
      return "the default account needs no pattern, with no more than the default scopes";
    case "matched":
      return `the namespace allows it in ${key}`;
    case "unmatched":
      return `the namespace does not allow it in ${key}`;
    case "absent":
      return `the namespace has no annotation ${key}`;
    case "malformed":
      return `the namespace's ${key} is no JSON array of strings, or too long`;
    case "unknown":
      return "there is no such namespace any more";
  }
}

/** Says nothing of a refusal, which is the decision then. */
function describeIam(iam: ExplainedIam, style: Style): readonly string[] {
  switch (iam.outcome) {
    case "allowed":
      return [
        `  ${
          style(
            `IAM lets ${iam.caller ?? "the daemon's account"} act as it`,
            "good",
          )
        }`,
      ];
    case "refused":
      return [];
    case "rejected":
      return [
        `  ${style("but IAM gives no token:", "bad")} ${
          showControls(iam.message)
        }`,
      ];
    case "not-asked":
      return [`  ${style(`not asked: ${iam.message}`, "faint")}`];
  }
}

function describeDecision(
  explanation: Explanation,
  style: Style,
): readonly string[] {
  const { decision, enforced, advice, notes, unchecked, iam } = explanation;
  return [
    style("Decision", "heading"),
    ...(decision.outcome === "deny"
      ? [
        `  ${style(`DENIED ${decision.reason}`, "bad")}`,
        `  ${showControls(decision.message)}`,
      ]
      : [`  ${style("ALLOWED", "good")} ${showControls(decision.account)}`]),
    ...(iam === undefined ? [] : describeIam(iam, style)),
    ...(enforced === undefined ? [] : [
      `  ${style(`BUT ENFORCE WOULD DENY ${enforced.reason}`, "warning")}`,
      `  ${showControls(enforced.message)}`,
    ]),
    ...(advice === undefined
      ? []
      : [`  ${style("what to do:", "heading")} ${showControls(advice)}`]),
    ...notes.map((note) =>
      `  ${style("note:", "warning")} ${showControls(note)}`
    ),
    ...(unchecked.length === 0 ? [] : [
      `  ${
        style(
          `not looked at, since the daemon${
            iam?.outcome === "allowed" || iam?.outcome === "rejected"
              ? " is not"
              : " and IAM are not"
          } asked: ${unchecked.join(", ")}`,
          "faint",
        )
      }`,
    ]),
  ];
}
