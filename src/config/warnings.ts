import type { Config } from "./config.ts";
import { formatDuration } from "./duration.ts";

const MINUTE = 60_000;

/** Beyond it IAM refuses unless an organisation policy allows it. */
const USUAL_LIFETIME = 60 * MINUTE;

/** Below it, clients that renew some minutes ahead renew all the time. */
const SHORT_LIFETIME = 15 * MINUTE;

/** A watch may be silent this long before it is reopened. */
const WATCH_SILENCE = 4 * MINUTE;

/** No request waits longer than this in all. */
const REQUEST_BUDGET = 4_500;

/**
 * Finds values that are accepted, but seldom meant.
 *
 * @param config Decoded configuration.
 * @returns One sentence each, without final period.
 */
export function findWarnings(config: Config): readonly string[] {
  const { kubernetes, google, backoff } = config;
  const warnings: string[] = [];
  if (kubernetes.node === "") {
    warnings.push(
      "kubernetes.node is not set: the pods of all nodes are watched",
    );
  }
  if (kubernetes.insecure) {
    warnings.push(
      "kubernetes.insecure is on: the API server's certificate is not verified",
    );
  }
  if (kubernetes.maxStaleness <= WATCH_SILENCE) {
    warnings.push(
      `kubernetes.maxStaleness is ${
        formatDuration(kubernetes.maxStaleness)
      }: a quiet watch of up to ${
        formatDuration(WATCH_SILENCE)
      } is normal, and requests will need live lookups`,
    );
  }
  if (google.lifetime > USUAL_LIFETIME) {
    warnings.push(
      `google.lifetime is ${
        formatDuration(google.lifetime)
      }: more than 1h works only where the organisation policy constraints/iam.allowServiceAccountCredentialLifetimeExtension names the account`,
    );
  }
  if (google.lifetime < SHORT_LIFETIME) {
    warnings.push(
      `google.lifetime is ${
        formatDuration(google.lifetime)
      }: clients renew some minutes ahead, and will ask very often`,
    );
  }
  if (backoff.maxElapsed > REQUEST_BUDGET) {
    warnings.push(
      `backoff.maxElapsed is ${
        formatDuration(backoff.maxElapsed)
      }: a request is answered after ${
        formatDuration(REQUEST_BUDGET)
      } in any case`,
    );
  }
  return warnings;
}
