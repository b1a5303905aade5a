import type { Clock } from "../core/clock.ts";

/** Clients that ask more seldom than this open their connections anew anyway. */
const QUIET_MS = 3_000;
const MAX_MS = 10_000;
const STEP_MS = 100;

/**
 * Waits until no client asks any more, each of which was told to close its connection,
 * for 10 s at most.
 *
 * @param options Time since the last request, in milliseconds, and the clock.
 */
export async function drain(
  { idleMs, clock }: {
    readonly idleMs: () => number;
    readonly clock: Clock;
  },
): Promise<void> {
  const endMs = clock.now() + MAX_MS;
  while (idleMs() < QUIET_MS && clock.now() < endMs) {
    await clock.sleep(STEP_MS);
  }
}
