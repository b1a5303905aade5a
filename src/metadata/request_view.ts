import { routeTemplate } from "../core/route.ts";
import { currentTraceId } from "../telemetry/otel.ts";
import type { Exchange } from "./handler.ts";

/** One request and its answer, for people to look at. */
export interface RequestView {
  /** When it was answered, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Path, with what varies left out. */
  readonly route: string;
  /** Method as sent. */
  readonly method: string;
  /** HTTP status. */
  readonly status: number;
  /** Reason code of a refusal. */
  readonly reason: string | undefined;
  /** Canonical address of the caller. */
  readonly address: string;
  /** The caller as `namespace/name`, if it was asked for and found. */
  readonly pod: string | undefined;
  /** Account that it was allowed. */
  readonly account: string | undefined;
  /** Milliseconds to the answer. */
  readonly durationMs: number;
  /** Trace of the request, if it was traced. */
  readonly traceId: string | undefined;
}

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
