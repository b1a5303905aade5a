import { MintError } from "../core/mint.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { RenewalOutcome } from "./token_keeper.ts";

/** What {@linkcode createRenewalRecorder} needs. */
export interface RenewalRecorderOptions {
  /** Takes a line for each token that cannot be had. */
  readonly log: Log;
  /** Counts every token. */
  readonly metrics: Metrics;
  /** Tells what to do where IAM refuses an account. */
  readonly fixFor: (account: string) => string | undefined;
}

/**
 * Creates the recorder that logs and counts tokens minted in the background.
 *
 * @param options Log and metrics.
 */
export function createRenewalRecorder(
  options: RenewalRecorderOptions,
): (outcome: RenewalOutcome) => void {
  const { log, metrics, fixFor } = options;
  return ({ request, error }) => {
    const { kind, account } = request;
    if (error === undefined) {
      metrics.countRenewal("ok");
      log("debug", "Minted in the background", { kind, account });
      return;
    }
    const failure = error instanceof MintError
      ? error.failure
      : "internal-error";
    metrics.countRenewal(failure);
    log("warn", "A token cannot be minted ahead", {
      kind,
      account,
      reason: failure,
      fix: failure === "iam-denied" ? fixFor(account) : undefined,
      error: describeError(error),
    });
  };
}
