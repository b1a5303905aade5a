import { nameOf } from "../core/pod.ts";
import { routeTemplate } from "../core/route.ts";
import {
  describeError,
  type Log,
  type LogFields,
  type LogLevel,
} from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { describeRequestSpan, type RequestSpan } from "../telemetry/otel.ts";
import type { Exchange } from "./handler.ts";

/** What {@linkcode createExchangeRecorder} needs. */
export interface ExchangeRecorderOptions {
  /** Takes one line a request. */
  readonly log: Log;
  /** Whether lines of a level are written; the others are not even composed. */
  readonly isLogged: (level: LogLevel) => boolean;
  /** Counts it. */
  readonly metrics: Metrics;
  /** Tells an operator what to do where IAM refuses an account. */
  readonly fixFor: (account: string) => string | undefined;
}

/**
 * Creates the recorder that logs and counts each answered request.
 *
 * What was allowed is logged at debug level: a line for every token would cost
 * a fifth of the throughput.
 *
 * @param options Log and metrics.
 */
export function createExchangeRecorder(
  { log, isLogged, metrics, fixFor }: ExchangeRecorderOptions,
): (exchange: Exchange) => void {
  return (exchange) => {
    const { answer, decision, durationMs } = exchange;
    describeRequestSpan(() => describeSpan(exchange));
    metrics.observeRequest({
      route: exchange.route.kind,
      status: answer.status,
      decision: decision?.outcome ?? "",
      reason: answer.reason,
      seconds: durationMs / 1000,
    });
    const level = levelOf(exchange);
    if (!isLogged(level)) return;
    const message = answer.reason === undefined ? "Answered" : "Refused";
    log(level, message, describeLine(exchange, fixFor));
  };
}

function describeLine(
  exchange: Exchange,
  fixFor: ExchangeRecorderOptions["fixFor"],
): LogFields {
  const { method, address, answer, decision, durationMs } = exchange;
  const { status, reason } = answer;
  const pod = exchange.caller?.pod;
  const allowed = decision?.outcome === "allow" ? decision : undefined;
  return {
    route: exchange.route.kind,
    method,
    address,
    status,
    reason,
    pod: pod && nameOf(pod),
    account: allowed?.account,
    wouldDeny: allowed?.wouldDeny,
    fix: reason === "iam-denied" && allowed !== undefined
      ? fixFor(allowed.account)
      : undefined,
    durationMs: Math.round(durationMs * 10) / 10,
    error: answer.cause === undefined ? undefined : describeError(answer.cause),
  };
}

function describeSpan(
  { route, method, caller, decision, answer }: Exchange,
): RequestSpan {
  const template = routeTemplate(route);
  const allowed = decision?.outcome === "allow" ? decision : undefined;
  return {
    name: `${METHODS.has(method) ? method : "HTTP"} ${template}`,
    route: template,
    failure: answer.status >= 500
      ? answer.reason ?? "internal-error"
      : undefined,
    facts: {
      "k8s.namespace.name": caller?.pod.namespace,
      "k8s.pod.name": caller?.pod.name,
      "k8s.pod.uid": caller?.pod.uid,
      "saassigner.account": allowed?.account,
      "saassigner.scopes.count": allowed?.scopes.length,
      "saassigner.decision": decision?.outcome,
      "saassigner.reason": answer.reason,
    },
  };
}

/** A pod can call a method what it likes. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

function levelOf({ answer, decision }: Exchange): LogLevel {
  if (answer.status >= 500) return "warn";
  const wouldDeny = decision?.outcome === "allow" &&
    decision.wouldDeny !== undefined;
  return answer.reason === undefined && !wouldDeny ? "debug" : "info";
}
