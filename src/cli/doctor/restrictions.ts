import { adviseOn } from "../../core/advice.ts";
import type { AllowList } from "../../core/allow_list.ts";
import { Glob } from "../../core/glob.ts";
import type { Namespace } from "../../core/namespace_index.ts";
import { isLive, type Pod } from "../../core/pod.ts";
import { decide, type Policy } from "../../core/policy.ts";
import type { AnnotationKeys } from "../../kubernetes/decode.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { limitFindings } from "./limit_findings.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "allow-lists";

const LISTS: Readonly<Record<AllowList["kind"], string>> = {
  absent: "no list",
  malformed: "a malformed list, which allows nothing",
  patterns: "a list without their accounts",
};

/** What {@linkcode judgeRestrictions} goes by. */
export interface RestrictionsContext {
  /** Keys of the annotations. */
  readonly keys: AnnotationKeys;
  /** Policy in force. */
  readonly policy: Policy;
}

/**
 * Judges whether the pods' accounts are in their namespaces' allow-lists; where those are
 * only reported, what enforcing them would refuse.
 *
 * @param pods Pods of all nodes.
 * @param namespaces All namespaces.
 * @param context Policy and keys.
 * @returns One finding a namespace that refuses, and one if none does.
 */
export function judgeRestrictions(
  pods: Outcome<readonly Pod[]>,
  namespaces: Outcome<readonly Namespace[]>,
  context: RestrictionsContext,
): readonly Finding[] {
  if (context.policy.restrictions === "off") {
    return [notChecked(NAME, "restrictions.mode is off")];
  }
  if (pods.kind !== "got") {
    return [notChecked(NAME, describeMiss(pods, "list pods"))];
  }
  if (namespaces.kind !== "got") {
    return [notChecked(NAME, describeMiss(namespaces, "list namespaces"))];
  }
  const callers = Map.groupBy(
    pods.value.filter((pod) => isLive(pod) && !pod.hostNetwork),
    ({ namespace }) => namespace,
  );
  const found = namespaces.value.toSorted((a, b) => a.name < b.name ? -1 : 1)
    .flatMap((namespace) =>
      judgeNamespace(namespace, callers.get(namespace.name) ?? [], context)
    );
  if (found.length > 0) return limitFindings(found, "namespaces");
  return [
    ok(
      NAME,
      `every account is in the list of its namespace (${namespaces.value.length} namespaces)`,
    ),
  ];
}

function judgeNamespace(
  { name, allowList }: Namespace,
  pods: readonly Pod[],
  { keys, policy }: RestrictionsContext,
): readonly Finding[] {
  const strict: Policy = { ...policy, restrictions: "enforce" };
  const refused = pods.flatMap((pod) => {
    const isRefused = reasonOf(strict, pod, allowList)?.startsWith(
      "namespace-",
    );
    const account = accountOf(policy, pod);
    return isRefused && account !== undefined ? [account] : [];
  });
  const accounts = [...new Set(refused)].sort();
  const last = accounts.at(-1);
  if (last === undefined && allowList.kind !== "malformed") return [];
  const count = `${refused.length} of ${pods.length} pods`;
  const [tell, effect] = policy.restrictions === "enforce"
    ? [failed, `${count} are refused`] as const
    : [warning, `enforce would refuse ${count}`] as const;
  return [tell(
    "namespace",
    `${name} has ${LISTS[allowList.kind]}: ${effect}` +
      (last === undefined ? "" : `: ${accounts.join(", ")}`),
    adviseOn("namespace-denied", {
      keys,
      namespace: name,
      allowList: withAccounts(allowList, accounts.slice(0, -1)),
      account: last,
    }),
  )];
}

function reasonOf(
  policy: Policy,
  pod: Pod,
  allowList: AllowList,
): string | undefined {
  const decision = decide(policy, pod, allowList);
  return decision.outcome === "deny" ? decision.reason : undefined;
}

function accountOf(policy: Policy, pod: Pod): string | undefined {
  const decision = decide({ ...policy, restrictions: "off" }, pod, undefined);
  return decision.outcome === "allow" ? decision.account : undefined;
}

/** The list as it would have to be for these accounts. */
function withAccounts(
  list: AllowList,
  accounts: readonly string[],
): AllowList {
  const patterns = list.kind === "patterns" ? list.patterns : [];
  return {
    kind: "patterns",
    patterns: [...patterns, ...accounts.map((account) => new Glob(account))],
  };
}
