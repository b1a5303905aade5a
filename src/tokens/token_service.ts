import type { Clock } from "../core/clock.ts";
import type { Grant } from "../core/grant.ts";
import type { Mint, MintNow } from "../core/mint.ts";
import { FairBucket } from "./fair_bucket.ts";
import { type CacheOutcome, TokenCache } from "./token_cache.ts";
import { type RenewalOutcome, TokenKeeper } from "./token_keeper.ts";
import { withBudget } from "./with_budget.ts";
import { withDeadline } from "./with_deadline.ts";
import { withRefusals } from "./with_refusals.ts";
import { withRetry } from "./with_retry.ts";

/** How {@linkcode createTokenService} works. */
export interface TokenServiceOptions {
  /** Tokens kept at most. */
  readonly capacity: number;
  /** Tokens kept at most for what one pod asks in particular. */
  readonly perHolder: number;
  /** Calls of IAM a second in the long run. */
  readonly callsPerSecond: number;
  /** Calls of IAM at once. */
  readonly callBurst: number;
  /** How long a refusal by IAM is remembered, in milliseconds. */
  readonly refusalMs: number;
  /** Whether a pod's token is minted as soon as the pod appears. */
  readonly prefetch: boolean;
  /** Time allowed for one token, in milliseconds. */
  readonly deadlineMs: number;
  /** What each pod of this node may have now. */
  readonly grants: () => Iterable<Grant>;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Told how each request of a pod was served, and of each that is refused from memory. */
  readonly onServed: (outcome: CacheOutcome | "refused") => void;
  /** Told of each token that was minted in the background, or could not be. */
  readonly onRenewal: (outcome: RenewalOutcome) => void;
}

/** The tokens of a node. */
export interface TokenService {
  /** Gives a pod its token, if it need not be waited for. */
  readonly mintNow: MintNow;
  /** Gives a pod its token. */
  readonly mint: Mint;
  /** The tokens in memory. */
  readonly cache: TokenCache;
  /** Keeps them up. */
  readonly keeper: TokenKeeper;
}

/** One call that IAM does not answer leaves time for another within the deadline. */
const CALL_SHARE = 2 / 3;

/**
 * Puts together what stands between pods and IAM.
 *
 * From the pods on: shared and renewed ahead by the cache, refused from memory for a
 * little while, ended in time, tried again, kept to a rate, and each call ended in time.
 *
 * @param mint Makes one call of IAM each time.
 * @param options Bounds, time and who is told.
 */
export function createTokenService(
  mint: Mint,
  options: TokenServiceOptions,
): TokenService {
  const { clock, deadlineMs, random, onServed } = options;
  const calls = new FairBucket({
    perSecond: options.callsPerSecond,
    burst: options.callBurst,
    clock,
  });
  const callMs = deadlineMs * CALL_SHARE;
  const limited = withBudget(
    withDeadline(mint, { deadlineMs: callMs, clock }),
    calls,
  );
  const patient = withRetry(limited, { clock, random, budgetMs: deadlineMs });
  const timely = withDeadline(patient, { deadlineMs, clock });
  const refusing = withRefusals(timely, {
    rememberMs: options.refusalMs,
    now: clock.now,
    onRemembered: () => onServed("refused"),
  });
  const cache = new TokenCache(refusing, {
    capacity: options.capacity,
    perHolder: options.perHolder,
    now: clock.now,
    random,
    onServed,
  });
  const { grants, prefetch, onRenewal } = options;
  const keeper = new TokenKeeper({ cache, grants, prefetch, clock, onRenewal });
  return { mintNow: cache.mintNow, mint: cache.mint, cache, keeper };
}
