import {
  type Json,
  type JsonObject,
  type KubernetesObject,
  objectAt,
  textAt,
} from "./json.ts";
import { type ResourceType, templatePathOf } from "./resources.ts";
import type { VersionlessObject } from "./store.ts";

/**
 * Who changes an object, which decides what of it may change.
 *
 * - `client`: metadata and the few mutable fields of the spec, as over HTTP.
 * - `client-status`: metadata and status, as through the `status` subresource.
 * - `cluster`: everything, as scheduler, kubelet and controllers together could.
 */
export type Writer = "client" | "client-status" | "cluster";

/** What the server itself decides of a new object. */
export interface Birth {
  /** Name, as sent or generated. */
  readonly name: string;
  /** Namespace that the request names, if any. */
  readonly namespace: string | undefined;
  /** Fresh identity. */
  readonly uid: string;
  /** Time of creation, RFC 3339 in whole seconds. */
  readonly creationTimestamp: string;
}

/**
 * Completes a new object with what the server and its admission plugins set.
 *
 * @param type Type of the object.
 * @param sent Object as decoded.
 * @param options What the server decided, and who creates it: only `cluster` sets a status.
 */
export function firstState(
  type: ResourceType,
  sent: JsonObject,
  options: { readonly birth: Birth; readonly writer: Writer },
): VersionlessObject {
  const { name, namespace, uid, creationTimestamp } = options.birth;
  const identity = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    creationTimestamp,
  };
  const metadata = { ...settable(sent), ...identity };
  const status = options.writer === "cluster" ? objectAt(sent, "status") : {};
  if (type.resource === "pods") {
    return {
      ...sent,
      metadata,
      spec: podSpec(sent),
      status: { phase: "Pending", qosClass: "BestEffort", ...status },
    };
  }
  if (type.resource === "events") return { ...sent, metadata };
  if (type.resource === "nodes" || templatePathOf(type) !== undefined) {
    return { ...sent, metadata, status };
  }
  const labels = {
    ...objectAt(sent, "metadata.labels"),
    "kubernetes.io/metadata.name": name,
  };
  return {
    ...sent,
    metadata: { ...metadata, labels },
    spec: { ...objectAt(sent, "spec"), finalizers: ["kubernetes"] },
    status: { phase: "Active", ...status },
  };
}

/**
 * Gives the state of an object after an update.
 *
 * Identity and deletion never change; what else may change depends on the writer.
 *
 * @param current Stored object.
 * @param sent Object as decoded.
 * @param writer Who updates it.
 */
export function nextState(
  current: KubernetesObject,
  sent: JsonObject,
  writer: Writer,
): VersionlessObject {
  const { name, namespace, uid, creationTimestamp } = current.metadata;
  const identity = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    creationTimestamp,
  };
  const deletion = writer === "cluster"
    ? deletionOf(sent)
    : deletionOf(current);
  const metadata = { ...settable(sent), ...deletion, ...identity };
  switch (writer) {
    case "cluster":
      return { ...sent, metadata };
    case "client":
      return { ...sent, metadata, status: current["status"] };
    case "client-status":
      return { ...current, metadata, status: sent["status"] };
  }
}

function podSpec(sent: JsonObject): JsonObject {
  const serviceAccountName = textAt(sent, "spec.serviceAccountName") ||
    "default";
  return {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    securityContext: {},
    ...objectAt(sent, "spec"),
    serviceAccountName,
    serviceAccount: serviceAccountName,
  };
}

function settable(sent: JsonObject): JsonObject {
  const {
    deletionTimestamp: _,
    deletionGracePeriodSeconds: __,
    resourceVersion: ___,
    ...rest
  } = objectAt(sent, "metadata");
  return rest;
}

function deletionOf(object: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  const metadata = objectAt(object, "metadata");
  for (const key of ["deletionTimestamp", "deletionGracePeriodSeconds"]) {
    const value = metadata[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
