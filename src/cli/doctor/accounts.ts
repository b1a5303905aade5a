import type { Clock } from "../../core/clock.ts";
import { type Mint, MintError, mintKey } from "../../core/mint.ts";
import { isLive, type Pod } from "../../core/pod.ts";
import { decide, type Policy } from "../../core/policy.ts";
import { type Outcome, probe } from "./probe.ts";

/** An account that pods use, or get by default. */
export interface WantedAccount {
  /** Its e-mail. */
  readonly account: string;
  /** Scopes of its tokens. */
  readonly scopes: readonly string[];
}

/** A call of IAM for an account, and how it ended. */
export interface Attempt extends WantedAccount {
  /** The token is not kept. */
  readonly outcome: Outcome<"minted">;
}

/** What calling IAM came to. */
export interface Attempts {
  /** The first call, which tells whether IAM can be called at all; none without an account. */
  readonly first: Attempt | undefined;
  /** One for each account and its scopes. */
  readonly accounts: readonly Attempt[];
}

const PARALLEL_CALLS = 8;

/**
 * Lists the accounts that a node's pods use, and the default one, whatever the namespaces
 * say.
 *
 * @param pods Pods of the node.
 * @param policy Policy in force.
 * @returns Without duplicates: the default account first, the others by name.
 */
export function listWantedAccounts(
  pods: readonly Pod[],
  policy: Policy,
): readonly WantedAccount[] {
  const { defaultAccount, defaultScopes: scopes } = policy;
  const used = pods.flatMap((pod) => {
    if (!isLive(pod) || pod.hostNetwork) return [];
    const decision = decide({ ...policy, restrictions: "off" }, pod, undefined);
    return decision.outcome === "allow" ? [decision] : [];
  }).sort((a, b) => a.account < b.account ? -1 : 1);
  const all = defaultAccount.kind === "account"
    ? [{ account: defaultAccount.account, scopes }, ...used]
    : used;
  const byKey = new Map(
    all.map(({ account, scopes }) => [
      mintKey({ kind: "access-token", account, scopes }),
      { account, scopes },
    ]),
  );
  return [...byKey.values()];
}

/** How {@linkcode tryAccounts} calls IAM. */
export interface TryOptions {
  /** Calls it. */
  readonly mint: Mint;
  /** An account to call it for where none is wanted; `undefined` if there is none. */
  readonly spare: WantedAccount | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Most that one call may take, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Tries whether the node may act as each account, by asking IAM for a token. Ends at the
 * first answer that would be the same for each.
 *
 * @param wanted The accounts.
 * @param options How to call.
 */
export async function tryAccounts(
  wanted: readonly WantedAccount[],
  { mint, spare, clock, limitMs }: TryOptions,
): Promise<Attempts> {
  let isBroken = false;
  const attempt = async (each: WantedAccount): Promise<Attempt> => {
    const { account, scopes } = each;
    if (isBroken) {
      const reason = "IAM cannot be called";
      return { ...each, outcome: { kind: "skipped", reason } };
    }
    const outcome = await probe(async (signal) => {
      await mint({ kind: "access-token", account, scopes }, signal);
      return "minted" as const;
    }, { clock, limitMs });
    isBroken ||= outcome.kind === "failed" && isGeneral(outcome.error);
    return { ...each, outcome };
  };
  const [sample = spare, ...others] = wanted;
  if (sample === undefined) return { first: undefined, accounts: [] };
  const first = await attempt(sample);
  const accounts = wanted.length === 0 ? [] : [first];
  for (let at = 0; at < others.length; at += PARALLEL_CALLS) {
    const batch = others.slice(at, at + PARALLEL_CALLS);
    accounts.push(...await Promise.all(batch.map(attempt)));
  }
  return { first, accounts };
}

/**
 * Tells whether a failure says nothing of the account.
 *
 * @param error From a call of IAM.
 */
export function isGeneral(error: unknown): boolean {
  return !(error instanceof MintError) ||
    !["iam-denied", "iam-rejected"].includes(error.failure);
}
