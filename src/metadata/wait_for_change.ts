import type { Awaitable } from "../core/awaitable.ts";
import type { Clock } from "../core/clock.ts";
import type { Query } from "../core/query.ts";
import type { Answer } from "./answer.ts";

/** A change is waited for no longer than this, whatever the client asks. */
const MAX_WAIT_SECONDS = 60;

/** How to wait for a change. */
export interface WaitOptions {
  /** Parsed query: `last_etag` and `timeout_sec` count. */
  readonly query: Query;
  /** Milliseconds between two looks. */
  readonly pollMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Answers once the entity tag is another than the one that the client knows, or has
 * now if it names none; at the end of its time with whatever there is.
 *
 * Looks again and again, so that each answer follows what is in force when it is given.
 *
 * @param look Answers as things are now.
 * @param options How long, and how often.
 */
export async function answerWhenChanged(
  look: () => Awaitable<Answer>,
  options: WaitOptions,
): Promise<Answer> {
  const { query, pollMs, clock, signal } = options;
  let leftMs = waitSeconds(query) * 1000;
  let answer = await look();
  const known = query.get("last_etag") ?? etagOf(answer);
  while (etagOf(answer) === known && known !== undefined) {
    if (leftMs <= 0 || signal.aborted) break;
    const pauseMs = Math.min(leftMs, pollMs);
    await clock.sleep(pauseMs, signal);
    // Not by the clock, which may fall back.
    leftMs -= pauseMs;
    answer = await look();
  }
  return answer;
}

/**
 * Tells for how long a client may wait for a change, in seconds.
 *
 * @param query Parsed query; a `timeout_sec` that is no whole number is none.
 */
export function waitSeconds(query: Query): number {
  const wanted = Number(query.get("timeout_sec") ?? MAX_WAIT_SECONDS);
  return Number.isInteger(wanted) && wanted >= 0
    ? Math.min(wanted, MAX_WAIT_SECONDS)
    : 0;
}

function etagOf({ headers }: Answer): string | undefined {
  return headers?.["ETag"];
}
