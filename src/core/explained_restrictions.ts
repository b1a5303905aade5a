import { type AllowList, findAllowingPattern } from "./allow_list.ts";
import { type ExplainedWish, shorten } from "./explained_wish.ts";
import { isExempt, type Policy } from "./policy.ts";

/** A pattern that does not match. */
export interface UnmatchedPattern {
  /** The pattern as written, shortened. */
  readonly pattern: string;
  /** Whether it follows the syntax; if not, it matches nothing. */
  readonly isWellFormed: boolean;
}

/** What restrictions make of a pod's wish. */
export interface ExplainedRestrictions {
  /** The mode in force. */
  readonly mode: Policy["restrictions"];
  /** Where it was set. */
  readonly from: string;
  /** Key of the namespace's annotation. */
  readonly key: string;
  /**
   * What the namespace's list comes to: not looked at in mode `off` or without account and
   * scopes; the default account is exempt; a pattern matches, none does, there is no list,
   * it is malformed, or the namespace is not known.
   */
  readonly verdict:
    | "not-evaluated"
    | "exempt"
    | "matched"
    | "unmatched"
    | "absent"
    | "malformed"
    | "unknown";
  /** The pattern that matches. */
  readonly matched: string | undefined;
  /** Patterns that do not match, in their order, at most {@linkcode MAX_PATTERNS}. */
  readonly unmatched: readonly UnmatchedPattern[];
  /** How many do not match. */
  readonly unmatchedCount: number;
}

/** What {@linkcode explainRestrictions} needs besides the wish. */
export interface RestrictionsOptions {
  /** What the operator configured. */
  readonly policy: Policy;
  /** Where `restrictions.mode` was set. */
  readonly modeOrigin: string;
  /** Keys of the annotations. */
  readonly keys: { readonly allowedServiceAccounts: string };
  /** Allow-list of the pod's namespace, if known. */
  readonly namespace: AllowList | undefined;
}

/** Most patterns that are shown of those that do not match. */
export const MAX_PATTERNS = 20;

/**
 * Tells what restrictions make of a pod's wish, pattern by pattern.
 *
 * @param wish Account and scopes that the pod wants.
 * @param options Policy and namespace.
 */
export function explainRestrictions(
  wish: ExplainedWish,
  { policy, modeOrigin, keys, namespace }: RestrictionsOptions,
): ExplainedRestrictions {
  const account = wish.account.value;
  const scopes = wish.scopes.value;
  const facts = {
    mode: policy.restrictions,
    from: modeOrigin,
    key: keys.allowedServiceAccounts,
    matched: undefined,
    unmatched: [],
    unmatchedCount: 0,
  };
  if (
    policy.restrictions === "off" || account === undefined ||
    scopes === undefined
  ) return { ...facts, verdict: "not-evaluated" };
  if (isExempt(policy, { account, scopes })) {
    return { ...facts, verdict: "exempt" };
  }
  if (namespace === undefined) return { ...facts, verdict: "unknown" };
  if (namespace.kind !== "patterns") {
    return { ...facts, verdict: namespace.kind };
  }
  const matched = findAllowingPattern(namespace, account);
  const unmatched = namespace.patterns.filter((each) => !each.matches(account));
  return {
    ...facts,
    verdict: matched === undefined ? "unmatched" : "matched",
    matched: matched === undefined ? undefined : shorten(matched),
    unmatched: unmatched.slice(0, MAX_PATTERNS).map((each) => ({
      pattern: shorten(each.source),
      isWellFormed: each.isWellFormed,
    })),
    unmatchedCount: unmatched.length,
  };
}
