import { isAccountEmail } from "./account.ts";
import type { AdviceContext } from "./advice.ts";
import type { MisspeltKey } from "./annotation_key.ts";
import type { Pod } from "./pod.ts";
import type { Policy } from "./policy.ts";
import { expandScope, parseScopes } from "./scopes.ts";

/** A value that a pod wants, and where it comes from. */
export interface ExplainedChoice<Value> {
  /** The value as the daemon takes it; `undefined` if there is none, or none that it takes. */
  readonly value: Value | undefined;
  /** What decided: an annotation, what was asked to be assumed, a default, or nothing. */
  readonly source: "annotation" | "assumed" | "default" | "none";
  /** Its name: an annotation's key, a flag, or an option with the place where it was set. */
  readonly from: string;
  /** Text of the annotation, shortened; `undefined` for a default. */
  readonly given: string | undefined;
}

/** What a pod wants. */
export interface ExplainedWish {
  /** E-mail of the account. */
  readonly account: ExplainedChoice<string>;
  /** Key that was probably meant for the account, if the pod has none; else `undefined`. */
  readonly misspeltKey: MisspeltKey | undefined;
  /** Canonical scopes. */
  readonly scopes: ExplainedChoice<readonly string[]>;
  /** Words of the scopes that are none, shortened, at most {@linkcode MAX_WORDS}. */
  readonly malformedScopes: readonly string[];
}

/** What {@linkcode explainWish} needs to name where values come from. */
export interface WishOptions {
  /** Keys of the annotations. */
  readonly keys: AdviceContext["keys"];
  /** What is assumed in place of the pod's annotations. */
  readonly assumed: {
    /** Value of the account annotation. */
    readonly account: string | undefined;
    /** Value of the scopes annotation. */
    readonly scopes: string | undefined;
  };
  /** Where the defaults were set, such as `config.yaml:3`. */
  readonly origins: {
    /** Of `defaults.serviceAccount`. */
    readonly serviceAccount: string;
    /** Of `defaults.scopes`. */
    readonly scopes: string;
  };
}

/** Most words that are shown of a list of scopes that is malformed. */
export const MAX_WORDS = 10;

const MAX_TEXT = 200;

/**
 * Shortens a text that somebody else wrote.
 *
 * @param text The text.
 * @returns At most 200 characters, and an ellipsis if there were more.
 */
export function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/**
 * Tells which account and scopes a pod wants, and what made it so.
 *
 * @param pod The pod, with what is assumed of its annotations.
 * @param policy What the operator configured.
 * @param options Names for where values come from.
 */
export function explainWish(
  pod: Pod,
  policy: Policy,
  options: WishOptions,
): ExplainedWish {
  const scopes = explainScopes(pod, policy, options);
  return {
    account: explainAccount(pod, policy, options),
    misspeltKey: pod.misspeltKey,
    scopes,
    malformedScopes: scopes.value === undefined
      ? findMalformed(pod.scopesAnnotation ?? "")
      : [],
  };
}

function explainAccount(
  pod: Pod,
  { defaultAccount }: Policy,
  { keys, assumed, origins }: WishOptions,
): ExplainedChoice<string> {
  if (pod.accountAnnotation !== undefined) {
    const account = pod.accountAnnotation.trim();
    return {
      value: isAccountEmail(account) ? account : undefined,
      given: shorten(pod.accountAnnotation),
      ...annotationOr(assumed.account, {
        flag: "--account",
        key: keys.serviceAccount,
      }),
    };
  }
  return {
    value: defaultAccount.kind === "account"
      ? defaultAccount.account
      : undefined,
    source: defaultAccount.kind === "none" ? "none" : "default",
    from: `defaults.serviceAccount (${origins.serviceAccount})`,
    given: undefined,
  };
}

function explainScopes(
  pod: Pod,
  { defaultScopes }: Policy,
  { keys, assumed, origins }: WishOptions,
): ExplainedChoice<readonly string[]> {
  return pod.scopesAnnotation === undefined
    ? {
      value: defaultScopes,
      source: "default",
      from: `defaults.scopes (${origins.scopes})`,
      given: undefined,
    }
    : {
      value: parseScopes(pod.scopesAnnotation),
      given: shorten(pod.scopesAnnotation),
      ...annotationOr(assumed.scopes, { flag: "--scopes", key: keys.scopes }),
    };
}

function annotationOr(
  assumed: string | undefined,
  names: { readonly flag: string; readonly key: string },
): Pick<ExplainedChoice<unknown>, "source" | "from"> {
  return assumed === undefined
    ? { source: "annotation", from: names.key }
    : { source: "assumed", from: names.flag };
}

function findMalformed(text: string): readonly string[] {
  return text.split(/[\s,]+/)
    .filter((word) => word !== "" && expandScope(word) === undefined)
    .slice(0, MAX_WORDS).map(shorten);
}
