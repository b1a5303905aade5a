import type { Clock } from "../core/clock.ts";
import type { Mint } from "../core/mint.ts";
import { type CacheOutcome, withCache } from "./with_cache.ts";
import { withDeadline } from "./with_deadline.ts";

/** How {@linkcode createTokenCache} works. */
export interface TokenCacheOptions {
  /** Access tokens kept at most. */
  readonly capacity: number;
  /** Time allowed for one call, in milliseconds. */
  readonly deadlineMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Told how each request was served. */
  readonly onOutcome: (outcome: CacheOutcome) => void;
}

const MAX_RENEWAL_SECONDS = 600;
/** ID tokens are long, and their audiences are the callers' choice: they get a tenth as many places. */
const ID_TOKEN_SHARE = 10;

/**
 * Wraps a minter so that tokens are shared, renewed in time, and had in time.
 *
 * ID tokens are kept apart, so that a pod that asks for many audiences evicts
 * nobody's access token.
 *
 * @param mint Minter to call on a miss.
 * @param options Size, deadline and clock.
 */
export function createTokenCache(mint: Mint, options: TokenCacheOptions): Mint {
  const { capacity, deadlineMs, clock, onOutcome } = options;
  const limited = withDeadline(mint, { deadlineMs, clock });
  const cache = (capacity: number): Mint =>
    withCache(limited, {
      capacity,
      maxRenewalSeconds: MAX_RENEWAL_SECONDS,
      now: clock.now,
      onOutcome,
    });
  const accessTokens = cache(capacity);
  const idTokens = cache(Math.ceil(capacity / ID_TOKEN_SHARE));
  return (request, signal) =>
    request.kind === "access-token"
      ? accessTokens(request, signal)
      : idTokens(request, signal);
}
