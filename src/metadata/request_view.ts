import type { RequestView } from "../core/debug_views.ts";
import { nameOf } from "../core/pod.ts";
import { remember } from "../core/remember.ts";
import { routeTemplate } from "../core/route.ts";
import { currentTraceId } from "../telemetry/otel.ts";
import type { Exchange } from "./handler.ts";

/** A description that can be written. */
export type WritableRequestView = {
  -readonly [Key in keyof RequestView]: RequestView[Key];
};

/** Makes a description of nothing, to be written to. */
export function blankRequestView(): WritableRequestView {
  return {
    atMs: 0,
    route: "",
    method: "",
    status: 0,
    reason: undefined,
    address: "",
    pod: undefined,
    account: undefined,
    durationMs: 0,
    traceId: undefined,
  };
}

/**
 * Describes a request that was just answered.
 *
 * @param exchange The request and its answer.
 * @param atMs Current time, in milliseconds since the Unix epoch.
 * @param view Where to write all of it.
 */
export function describeExchange(
  exchange: Exchange,
  atMs: number,
  view: WritableRequestView,
): void {
  const { answer, caller, decision } = exchange;
  view.atMs = atMs;
  view.route = routeTemplate(exchange.route);
  view.method = sameString(exchange.method);
  view.status = answer.status;
  view.reason = answer.reason;
  view.address = exchange.address;
  view.pod = caller && nameOf(caller.pod);
  view.account = decision?.outcome === "allow" ? decision.account : undefined;
  view.durationMs = exchange.durationMs;
  view.traceId = currentTraceId();
}

/** Every request brings strings of its own, even for the same method. */
const sameString = remember((text) => text, { most: 64, longest: 16 });
