import type { Clock } from "../../src/core/clock.ts";
import { ApiClient } from "../../src/kubernetes/api_client.ts";
import { connectToServer } from "../../src/kubernetes/server_connection.ts";
import type { AnnotationKeys } from "../../src/kubernetes/decode.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import type { JsonObject } from "../../src/sandbox/kubernetes/json.ts";
import {
  type PodDescription,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { textAt } from "../../src/sandbox/kubernetes/json.ts";
import { describeError, type Log } from "../../src/telemetry/log.ts";

export const NODE = "node-1";

export const ANNOTATIONS: AnnotationKeys = {
  serviceAccount: "iam/account",
  scopes: "iam/scopes",
  allowedServiceAccounts: "iam/allowed",
};

/** Log lines as they would be written, to be searched for what must not be in them. */
export class LogLines {
  readonly lines: string[] = [];

  readonly log: Log = (level, message, fields = {}) => {
    this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
}

/** A client of one server, without credentials unless a token is given. */
export function createApiClient(
  url: string,
  options: {
    readonly clock: Clock;
    readonly token?: string;
    readonly tokenFile?: string;
  },
): ApiClient {
  const { clock, ...credentials } = options;
  return new ApiClient({
    connection: connectToServer({
      url,
      insecure: false,
      ...credentials,
    }),
    clock,
    userAgent: "assigner-test/1",
  });
}

/** A running pod of {@linkcode NODE} that asks for an account. */
export function assignedPod(
  description: PodDescription & { readonly account?: string },
): JsonObject {
  const { account, ...pod } = description;
  return podObject({
    nodeName: NODE,
    ...(account === undefined
      ? {}
      : { annotations: { [ANNOTATIONS.serviceAccount]: account } }),
    ...pod,
  });
}

/** Identity of a pod of the emulated cluster. */
export function uidOf(api: KubernetesApi, name: string): string {
  const ref = { resource: "pods", namespace: "default", name } as const;
  return textAt(api.cluster.get(ref), "metadata.uid");
}

/** What a promise rejects with, as the log would describe it. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return describeError(error);
  }
  throw new Error("did not fail");
}
