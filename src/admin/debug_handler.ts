import { canonicalAddress, isLoopback } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { RequestView } from "../core/debug_views.ts";
import { streamEvents } from "./debug_events.ts";
import { PAGE, PAGE_HEADERS } from "./debug_page.ts";
import type { DebugState } from "./debug_state.ts";
import type { Ring } from "./ring.ts";

/** What is told below `/debug/`. */
export interface DebugOptions {
  /** What the page shows; asked for each time. */
  readonly state: () => DebugState;
  /** The last requests. */
  readonly requests: Ring<RequestView>;
  /** The effective configuration with the origin of each value, secrets masked. */
  readonly configText: () => string;
  /** Time. */
  readonly clock: Clock;
  /** Fires when the daemon stops. */
  readonly stopping: AbortSignal;
}

const JSON_TYPE = { "Content-Type": "application/json" };
const TEXT_TYPE = { "Content-Type": "text/plain; charset=utf-8" };

/**
 * Answers what is below `/debug/`.
 *
 * Tells of every pod, and so answers loopback peers only, whatever the listener's
 * address is, and no name in the Host header but localhost: a web page elsewhere may
 * not lead a browser here.
 *
 * @param url Parsed URL.
 * @param peer Who asks.
 * @param options What to tell.
 * @returns Nothing if there is no such path.
 */
export function answerDebug(
  url: URL,
  peer: Deno.Addr,
  options: DebugOptions,
): Response | undefined {
  const answer = ANSWERS.get(url.pathname);
  if (answer === undefined) return undefined;
  return isLocal(url, peer)
    ? answer(options)
    : new Response("Forbidden\n", { status: 403, headers: TEXT_TYPE });
}

const ANSWERS: ReadonlyMap<string, (options: DebugOptions) => Response> =
  new Map([
    [
      "/debug",
      () =>
        new Response(null, { status: 308, headers: { Location: "/debug/" } }),
    ],
    ["/debug/", () => new Response(PAGE, { headers: PAGE_HEADERS })],
    ["/debug/store", ({ state }) => json(state().store)],
    ["/debug/requests", ({ requests }) => json(requests.list())],
    [
      "/debug/config",
      ({ configText }) => new Response(configText(), { headers: TEXT_TYPE }),
    ],
    ["/debug/events", answerEvents],
  ]);

function json(value: unknown): Response {
  return new Response(JSON.stringify(value, undefined, 2), {
    headers: JSON_TYPE,
  });
}

function answerEvents(
  { state, requests, clock, stopping }: DebugOptions,
): Response {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  stopping.addEventListener("abort", leave, { once: true });
  const events = streamEvents({
    stateText: () => JSON.stringify(state()),
    requests,
    clock,
    signal: gone.signal,
  });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const { value, done } = await events.next();
      if (done === true) {
        stopping.removeEventListener("abort", leave);
        controller.close();
      } else controller.enqueue(encoder.encode(value));
    },
    cancel(): void {
      stopping.removeEventListener("abort", leave);
      leave();
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
    },
  });
}

function isLocal(url: URL, peer: Deno.Addr): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = "hostname" in peer
    ? canonicalAddress(peer.hostname)
    : undefined;
  return address !== undefined && isLoopback(address) &&
    (host === "localhost" || isLoopback(host));
}
