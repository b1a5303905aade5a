import type { RequestView } from "../core/debug_views.ts";
import { routeTemplate } from "../core/route.ts";
import { currentTraceId } from "../telemetry/otel.ts";
import type { Exchange } from "./handler.ts";

/**
 * Describes a request that was just answered.
 *
 * @param exchange The request and its answer.
 * @param atMs Current time, in milliseconds since the Unix epoch.
 */
export function describeExchange(
  exchange: Exchange,
  atMs: number,
): RequestView {
  const { route, method, answer, address, caller, decision, durationMs } =
    exchange;
  return {
    atMs,
    route: routeTemplate(route),
    method,
    status: answer.status,
    reason: answer.reason,
    address,
    pod: caller && `${caller.pod.namespace}/${caller.pod.name}`,
    account: decision?.outcome === "allow" ? decision.account : undefined,
    durationMs,
    traceId: currentTraceId(),
  };
}
