import type { Clock } from "../core/clock.ts";
import type { RequestView } from "../core/debug_views.ts";
import type { Ring } from "./ring.ts";

/** What {@linkcode streamEvents} needs. */
export interface EventStreamOptions {
  /** State of the daemon, as JSON text; asked for at each look. */
  readonly stateText: () => string;
  /** Requests so far. */
  readonly requests: Ring<RequestView>;
  /** Time. */
  readonly clock: Clock;
  /** Fires when the daemon stops, or the reader has gone. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 2_000;
/** Somebody in between may close a connection that is silent. */
const HEARTBEAT_LOOKS = 7;

/**
 * Tells a page what changes, as server-sent events: `state` when it differs from the
 * last one, and `requests` with those that are new.
 *
 * @param options Where from, and until when.
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html}
 */
export async function* streamEvents(
  options: EventStreamOptions,
): AsyncGenerator<string, void, void> {
  const { stateText, requests, clock, signal } = options;
  let shown = "";
  let seen = 0;
  for (let looks = 0; !signal.aborted; looks++) {
    const state = stateText();
    if (state !== shown) yield event("state", state);
    shown = state;
    const news = requests.list().slice(0, requests.added - seen);
    seen = requests.added;
    if (news.length > 0) yield event("requests", JSON.stringify(news));
    if (looks % HEARTBEAT_LOOKS === 0) yield ": still here\n\n";
    await clock.sleep(LOOK_MS, signal);
  }
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
