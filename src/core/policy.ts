import { isAccountEmail } from "./account.ts";
import { type AllowList, findAllowingPattern } from "./allow_list.ts";
import type { Pod } from "./pod.ts";
import type { Reason } from "./reason.ts";
import { containsScopes, parseScopes } from "./scopes.ts";

/** What the operator configured. */
export interface Policy {
  /** Account of pods without an annotation. */
  readonly defaultAccount: DefaultAccount;
  /** Canonical scopes of pods without an annotation, at least one. */
  readonly defaultScopes: readonly string[];
  /** Whether namespaces' allow-lists count: not at all, for the record, or for real. */
  readonly restrictions: "off" | "report" | "enforce";
}

/** The account of pods without an annotation. */
export type DefaultAccount =
  | { readonly kind: "none" }
  | { readonly kind: "account"; readonly account: string }
  /** The node's own account, whose e-mail the metadata server has not told yet. */
  | { readonly kind: "unresolved" };

/** Whether a pod may have a token, and for which account. A refusal is an answer, not an error. */
export type Decision =
  | {
    readonly outcome: "allow";
    readonly account: string;
    /** Canonical scopes, at least one. */
    readonly scopes: readonly string[];
    /** In mode `report`: why `enforce` would have refused. */
    readonly wouldDeny: Reason | undefined;
  }
  | {
    readonly outcome: "deny";
    readonly reason: Reason;
    /** One sentence that the pod may read: what is wrong and what to change. */
    readonly message: string;
  };

/**
 * Decides which Google service account a pod may have, if any.
 *
 * Pure. A malformed value is refused rather than replaced by a default.
 *
 * @param policy What the operator configured.
 * @param pod The caller.
 * @param namespace Allow-list of the pod's namespace, or `undefined` while the
 * namespace is not known; looked at only if restrictions are on.
 */
export function decide(
  policy: Policy,
  pod: Pod,
  namespace: AllowList | undefined,
): Decision {
  const account = wantedAccount(policy, pod);
  if (typeof account !== "string") return account;
  const scopes = pod.scopesAnnotation === undefined
    ? policy.defaultScopes
    : annotatedScopes(pod, pod.scopesAnnotation);
  if (scopes === undefined) {
    return deny(
      "scopes-malformed",
      "The pod's scopes annotation must be a comma-separated list of OAuth scopes, of at most 4,096 characters",
    );
  }
  const refusal = policy.restrictions === "off"
    ? undefined
    : restrict(policy, { account, scopes, namespace });
  if (refusal !== undefined && policy.restrictions === "enforce") {
    return refusal;
  }
  return { outcome: "allow", account, scopes, wouldDeny: refusal?.reason };
}

/** What each pod's annotation says; a pod that changes is another object. */
const scopesOfPods = new WeakMap<Pod, readonly string[]>();

function annotatedScopes(
  pod: Pod,
  annotation: string,
): readonly string[] | undefined {
  const known = scopesOfPods.get(pod);
  if (known !== undefined) return known;
  const scopes = parseScopes(annotation);
  if (scopes !== undefined) scopesOfPods.set(pod, scopes);
  return scopes;
}

function wantedAccount(policy: Policy, pod: Pod): string | Deny {
  if (pod.accountAnnotation !== undefined) {
    const account = pod.accountAnnotation.trim();
    if (isAccountEmail(account)) return account;
    return deny(
      "account-malformed",
      "The pod's service account annotation must be the e-mail of a Google service account",
    );
  }
  switch (policy.defaultAccount.kind) {
    case "account":
      return policy.defaultAccount.account;
    case "none":
      return deny(
        "no-account",
        "The pod has no service account annotation and there is no default account" +
          describeMisspelt(pod),
      );
    case "unresolved":
      return deny(
        "node-credentials",
        "The default account is the node's own, which is not known yet",
      );
  }
}

function describeMisspelt({ misspeltKey }: Pod): string {
  return misspeltKey === undefined
    ? ""
    : `; it has ${misspeltKey.found}, did you mean ${misspeltKey.meant}?`;
}

/**
 * Tells whether restrictions leave a pod's wish alone: the default account is exempt, but
 * with no more than the default scopes.
 *
 * @param policy What the operator configured.
 * @param wanted Account and canonical scopes.
 */
export function isExempt(
  policy: Policy,
  wanted: { readonly account: string; readonly scopes: readonly string[] },
): boolean {
  return policy.defaultAccount.kind === "account" &&
    policy.defaultAccount.account === wanted.account &&
    containsScopes(policy.defaultScopes, wanted.scopes);
}

function restrict(
  policy: Policy,
  wanted: {
    readonly account: string;
    readonly scopes: readonly string[];
    readonly namespace: AllowList | undefined;
  },
): Deny | undefined {
  const { account, namespace } = wanted;
  if (isExempt(policy, wanted)) return undefined;
  if (namespace === undefined) {
    return deny("not-synced", "The pod's namespace is not known yet");
  }
  if (namespace.kind === "malformed") {
    return deny(
      "namespace-list-malformed",
      "The namespace's allow-list must be a JSON array of strings",
    );
  }
  if (findAllowingPattern(namespace, account) !== undefined) return undefined;
  return deny(
    "namespace-denied",
    namespace.kind === "absent"
      ? `The namespace has no allow-list, so its pods may not use ${account}`
      : `No pattern of the namespace's allow-list matches ${account}`,
  );
}

type Deny = Extract<Decision, { outcome: "deny" }>;

function deny(reason: Reason, message: string): Deny {
  return { outcome: "deny", reason, message };
}
