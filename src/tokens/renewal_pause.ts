import { MintError } from "../core/mint.ts";

/** IAM may be back any moment, and tokens run out meanwhile. */
const TRANSIENT = { firstMs: 5_000, maxMs: 30_000 };
/** Somebody has to change a permission first. */
const REFUSED = { firstMs: 30_000, maxMs: 300_000 };

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
  const isTransient = error instanceof MintError && error.isTransient;
  const { firstMs, maxMs } = isTransient ? TRANSIENT : REFUSED;
  const pauseMs = Math.min(maxMs, firstMs * 2 ** (count - 1));
  const { retryAfterMs = 0 } = error instanceof MintError ? error : {};
  return Math.max(retryAfterMs, pauseMs * (1 - jitter / 2));
}
