import { MintError } from "../core/mint.ts";

/** IAM may be back any moment, and tokens run out meanwhile. */
const TRANSIENT = { firstMs: 5_000, maxMs: 30_000 };
/** Somebody has to change a permission first. */
const REFUSED = { firstMs: 30_000, maxMs: 300_000 };
/** Google's wish counts, but no pod's token may run out for it. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Longest pause that there is, in milliseconds. */
export const MAX_PAUSE_MS: number = REFUSED.maxMs;

/**
 * Tells how long to leave a token alone in the background after failures.
 *
 * @param error Last failure; what Google says of the time is kept to.
 * @param options `count` of failures in a row; `jitter` from 0 up to 1, which shortens
 * the pause by half at most.
 * @returns Milliseconds.
 */
export function pauseAfter(
  error: unknown,
  options: { readonly count: number; readonly jitter: number },
): number {
  const { count, jitter } = options;
  const isTransient = error instanceof MintError &&
    (error.isTransient || error.failure === "overload");
  const { firstMs, maxMs } = isTransient ? TRANSIENT : REFUSED;
  const pauseMs = Math.min(maxMs, firstMs * 2 ** (count - 1));
  const { retryAfterMs = 0 } = error instanceof MintError ? error : {};
  return Math.max(
    Math.min(retryAfterMs, MAX_RETRY_AFTER_MS),
    pauseMs * (1 - jitter / 2),
  );
}
