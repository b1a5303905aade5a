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
 * @param account Account that was to be impersonated.
 * @returns An error whose message a pod may read and whose `cause` is for the log.
 */
export function toMintError(error: unknown, account: string): MintError {
  if (error instanceof MintError) return error;
  const status = statusOf(error);
  const options = { cause: error };
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
          "it needs roles/iam.serviceAccountTokenCreator on that account",
        options,
      );
    }
    case 404:
      return new MintError(
        "iam-denied",
        `The service account ${account} does not exist, or the node's account lacks ` +
          "roles/iam.serviceAccountTokenCreator on it",
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
 * Reads the `google.rpc.ErrorInfo` reason out of an error of the library.
 *
 * @see {@link https://cloud.google.com/apis/design/errors#error_info}
 */
function reasonOf(error: unknown): string | undefined {
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
