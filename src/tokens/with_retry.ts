import type { Clock } from "../core/clock.ts";
import { type Mint, MintError } from "../core/mint.ts";
import { addSpanEvent } from "../telemetry/otel.ts";

/** How {@linkcode withRetry} tries again. */
export interface RetryOptions {
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** No try begins later than this after the first, in milliseconds. */
  readonly budgetMs: number;
}

const MAX_TRIES = 4;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 1_600;

/**
 * Wraps a minter so that it tries again where that may help: when IAM is over
 * quota, fails, or does not answer. What IAM refuses is not tried again.
 *
 * Pauses have full jitter, and last as long as Google says at least.
 *
 * @param mint Minter to call.
 * @param options Time and patience.
 */
export function withRetry(mint: Mint, options: RetryOptions): Mint {
  const { clock, random, budgetMs } = options;
  return async (request, signal, holder) => {
    const endMs = clock.now() + budgetMs;
    for (let tries = 1;; tries += 1) {
      try {
        addSpanEvent("attempt", { "saassigner.attempt": tries });
        return await mint(request, signal, holder);
      } catch (error) {
        if (!(error instanceof MintError) || !error.isTransient) throw error;
        const maxMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
        const pauseMs = Math.max(error.retryAfterMs ?? 0, random() * maxMs);
        const isLate = clock.now() + pauseMs >= endMs;
        if (tries >= MAX_TRIES || isLate || signal.aborted) throw error;
        await clock.sleep(pauseMs, signal);
        if (signal.aborted) throw error;
      }
    }
  };
}
