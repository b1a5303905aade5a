import type { Clock } from "./clock.ts";

/** A time limit that is running; made by {@linkcode startDeadline}. */
export interface Deadline {
  /** Fires when the time is over, or when the outer signal does, unless stopped before. */
  readonly signal: AbortSignal;
  /** Starts the time anew. */
  restart(): void;
  /** Stops the time; to be called once whatever was limited has ended. */
  stop(): void;
  /** Stops the time and makes the signal fire, to end what still listens to it. */
  end(): void;
}

/** What limits a piece of work. */
export interface DeadlineOptions {
  /** How long it may take, in milliseconds. */
  readonly ms: number;
  /** Makes the reason that the signal fires with when the time is over. */
  readonly reason: () => Error;
  /** Ends the work too. */
  readonly outer?: AbortSignal;
}

/** A reason that is there already: making one, with its stack, is what stopping would cost most. */
const STOPPED = "stopped";

/**
 * Starts a time limit.
 *
 * @param clock Time.
 * @param options How long, and what else ends the work.
 */
export function startDeadline(
  clock: Clock,
  options: DeadlineOptions,
): Deadline {
  const { ms, reason, outer } = options;
  const ending = new AbortController();
  let timing = new AbortController();
  const endWithOuter = (): void => {
    timing.abort(STOPPED);
    ending.abort(outer?.reason);
  };
  const start = (): void => {
    const current = timing = new AbortController();
    clock.sleep(ms, current.signal).then(() => {
      if (current.signal.aborted) return;
      outer?.removeEventListener("abort", endWithOuter);
      ending.abort(reason());
    });
  };
  const stop = (): void => {
    timing.abort(STOPPED);
    outer?.removeEventListener("abort", endWithOuter);
  };
  if (outer?.aborted) {
    ending.abort(outer.reason);
  } else {
    outer?.addEventListener("abort", endWithOuter, { once: true });
    start();
  }
  return {
    signal: ending.signal,
    restart(): void {
      if (ending.signal.aborted || timing.signal.aborted) return;
      timing.abort(STOPPED);
      start();
    },
    stop,
    end(): void {
      stop();
      ending.abort();
    },
  };
}
