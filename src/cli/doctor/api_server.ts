import { isRecord } from "../../core/record.ts";
import {
  type ApiClient,
  KubernetesApiError,
} from "../../kubernetes/api_client.ts";
import { failed, type Finding, ok } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "API server";

/**
 * Asks the API server for its version.
 *
 * @param api Reads from it.
 * @param signal Ends the request.
 * @returns Version such as `v1.33.4-gke.1134000`.
 */
export async function readVersion(
  api: ApiClient,
  signal: AbortSignal,
): Promise<string> {
  const answer = await api.read("/version", signal);
  const version = isRecord(answer) ? answer["gitVersion"] : undefined;
  if (typeof version !== "string") {
    throw new Error("What answers tells no version of Kubernetes");
  }
  return version;
}

/**
 * Judges whether the API server is reached.
 *
 * @param version Its version.
 * @param server Its URL, or `undefined` if none can be used.
 */
export function judgeApiServer(
  version: Outcome<string>,
  server: string | undefined,
): readonly Finding[] {
  if (version.kind === "got") {
    return [ok(NAME, `${version.value} at ${server}`)];
  }
  if (server === undefined) {
    return [failed(
      NAME,
      describeMiss(version),
      "Give --api-server URL or --kubeconfig FILE, or run doctor in the daemon's pod",
    )];
  }
  const error = version.kind === "failed" ? version.error : undefined;
  const isUnknown = error instanceof KubernetesApiError && error.status === 401;
  return [failed(
    NAME,
    `${server}: ${describeMiss(version)}`,
    isUnknown
      ? "See that the token or kubeconfig is valid, and the service account still there"
      : "See whether the address is right, and whether a firewall or network policy is in between",
  )];
}
