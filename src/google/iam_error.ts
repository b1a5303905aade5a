import { TOKEN_CREATOR } from "../core/iam_role.ts";
import { isRecord } from "../core/record.ts";
import { MintError } from "../core/mint.ts";

/** Reasons of a 403 that are the node's fault and not the account's. */
const NODE_FAULTS: ReadonlyMap<string, string> = new Map([
  [
    "SERVICE_DISABLED",
    "The IAM Service Account Credentials API is not enabled in the node's project",
  ],
  [
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "The node's credentials lack the cloud-platform scope",
  ],
]);

/**
 * Tells what an error of an IAM call means for the caller.
 *
 * @param error Whatever the call threw.
 * @param call Account that was to be impersonated, and the current time.
 * @returns An error whose message a pod may read and whose `cause` is for the log.
 */
export function toMintError(
  error: unknown,
  call: { readonly account: string; readonly nowMs: number },
): MintError {
  if (error instanceof MintError) return error;
  const { account, nowMs } = call;
  const status = statusOf(error);
  const options = { cause: error, retryAfterMs: retryAfterMs(error, nowMs) };
  switch (status) {
    case 400:
      return new MintError(
        "iam-rejected",
        "IAM does not accept the scopes or the audience",
        options,
      );
    case 401:
      return new MintError(
        "node-credentials",
        "IAM does not accept the node's credentials",
        options,
      );
    case 403: {
      const nodeFault = NODE_FAULTS.get(reasonOf(error) ?? "");
      if (nodeFault !== undefined) {
        return new MintError("node-credentials", nodeFault, options);
      }
      return new MintError(
        "iam-denied",
        `The node's account may not act as ${account}: ` +
          `it needs ${TOKEN_CREATOR} on that account`,
        options,
      );
    }
    case 404:
      return new MintError(
        "iam-denied",
        `The service account ${account} does not exist, or the node's account lacks ` +
          `${TOKEN_CREATOR} on it`,
        options,
      );
    default:
      return new MintError(
        "iam-unavailable",
        "IAM cannot be reached or failed; try again",
        options,
      );
  }
}

/**
 * Reads the HTTP status out of an error of the library.
 *
 * @param error Whatever the call threw.
 * @returns The status, or `undefined` if there was no answer.
 */
export function statusOf(error: unknown): number | undefined {
  return isRecord(error) && typeof error["status"] === "number"
    ? error["status"]
    : undefined;
}

/**
 * Reads the `Retry-After` header of an answer, which is a number of seconds or a date.
 *
 * @returns Milliseconds from now, or `undefined` if there is none.
 */
function retryAfterMs(error: unknown, nowMs: number): number | undefined {
  const response = isRecord(error) ? error["response"] : undefined;
  const headers = isRecord(response) ? response["headers"] : undefined;
  const text = headers instanceof Headers ? headers.get("retry-after") : null;
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * Reads the `google.rpc.ErrorInfo` reason out of an error of the library.
 *
 * @param error Whatever the call threw.
 * @returns A stable code such as `SERVICE_DISABLED`, or `undefined` if there is none.
 * @see {@link https://cloud.google.com/apis/design/errors#error_info}
 */
export function reasonOf(error: unknown): string | undefined {
  const response = isRecord(error) ? error["response"] : undefined;
  const data = isRecord(response) ? response["data"] : undefined;
  const body = isRecord(data) ? data["error"] : undefined;
  const details = isRecord(body) ? body["details"] : undefined;
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) {
    if (isRecord(detail) && typeof detail["reason"] === "string") {
      return detail["reason"];
    }
  }
  return undefined;
}
