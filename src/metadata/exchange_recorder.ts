import { describeError, type Log, type LogLevel } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Exchange } from "./handler.ts";

/** What {@linkcode createExchangeRecorder} needs. */
export interface ExchangeRecorderOptions {
  /** Takes one line a request. */
  readonly log: Log;
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
  { log, metrics, fixFor }: ExchangeRecorderOptions,
): (exchange: Exchange) => void {
  return (exchange) => {
    const { route, method, address, answer, durationMs } = exchange;
    const { status, reason } = answer;
    metrics.observeRequest({
      route,
      status,
      reason,
      seconds: durationMs / 1000,
    });
    const pod = exchange.caller?.pod;
    const allowed = exchange.decision?.outcome === "allow"
      ? exchange.decision
      : undefined;
    log(
      levelOf(exchange),
      answer.reason === undefined ? "Answered" : "Refused",
      {
        route,
        method,
        address,
        status,
        reason,
        pod: pod === undefined ? undefined : `${pod.namespace}/${pod.name}`,
        account: allowed?.account,
        wouldDeny: allowed?.wouldDeny,
        fix: reason === "iam-denied" && allowed !== undefined
          ? fixFor(allowed.account)
          : undefined,
        durationMs: Math.round(durationMs * 10) / 10,
        error: answer.cause === undefined
          ? undefined
          : describeError(answer.cause),
      },
    );
  };
}

function levelOf({ answer, decision }: Exchange): LogLevel {
  if (answer.status >= 500) return "warn";
  const wouldDeny = decision?.outcome === "allow" &&
    decision.wouldDeny !== undefined;
  return answer.reason === undefined && !wouldDeny ? "debug" : "info";
}
