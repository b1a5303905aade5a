import {
  type Controller,
  type ControllerKind,
  controllerKindOf,
} from "../../core/controller.ts";
import type { Namespace } from "../../core/namespace_index.ts";
import type { Pod } from "../../core/pod.ts";
import { isRecord } from "../../core/record.ts";
import type { ApiClient } from "../../kubernetes/api_client.ts";
import {
  type AnnotationKeys,
  decodeNamespace,
  decodePod,
} from "../../kubernetes/decode.ts";
import { decodeController } from "../../kubernetes/decode_controller.ts";
import { listAll } from "../../kubernetes/list_and_watch.ts";

/** Label of the daemon's pods in manifests and chart, and its value. */
export const DAEMON_LABEL = {
  key: "app.kubernetes.io/name",
  value: "k8s-gke-service-account-assigner",
} as const;

/** A pod, and what tells whether its node has a daemon. */
export interface PlacedPod {
  /** What the daemon keeps of a pod. */
  readonly pod: Pod;
  /** Node that runs it; empty while there is none. */
  readonly node: string;
  /** Whether it is a daemon of ours, by its label. */
  readonly isDaemon: boolean;
  /** Whether it is ready. */
  readonly isReady: boolean;
}

/** How the cluster is asked. */
export interface ClusterQuery {
  /** Asks the API server. */
  readonly api: ApiClient;
  /** Keys of the annotations. */
  readonly keys: AnnotationKeys;
  /** Ends the requests. */
  readonly signal: AbortSignal;
}

/**
 * Lists the pods of a node.
 *
 * @param node Its name; empty for all nodes.
 * @param query How to ask.
 */
export async function listPodsOf(
  node: string,
  { api, keys, signal }: ClusterQuery,
): Promise<readonly Pod[]> {
  const { items } = await listAll({
    path: "/api/v1/pods",
    ...(node === "" ? {} : { fieldSelector: `spec.nodeName=${node}` }),
    decode: (object) => decodePod(object, keys),
  }, { api, signal });
  return items;
}

/**
 * Lists the pods of all nodes.
 *
 * @param query How to ask.
 */
export async function listPlacedPods(
  { api, keys, signal }: ClusterQuery,
): Promise<readonly PlacedPod[]> {
  const { items } = await listAll({
    path: "/api/v1/pods",
    decode: (object) => decodePlacedPod(object, keys),
  }, { api, signal });
  return items;
}

/**
 * Lists the namespaces with their allow-lists.
 *
 * @param query How to ask.
 */
export async function listNamespaces(
  { api, keys, signal }: ClusterQuery,
): Promise<readonly Namespace[]> {
  const { items } = await listAll({
    path: "/api/v1/namespaces",
    decode: (object) => decodeNamespace(object, keys),
  }, { api, signal });
  return items;
}

/**
 * Lists the controllers of a kind, in all namespaces, without those that other built-in
 * controllers made: they are not to be changed.
 *
 * @param type The kind.
 * @param query How to ask.
 */
export async function listControllers(
  type: ControllerKind,
  { api, keys, signal }: ClusterQuery,
): Promise<readonly Controller[]> {
  const { items } = await listAll({
    path: `/apis/${type.group}/v1/${type.resource}`,
    decode: (object) => {
      const controller = decodeController(object, type, keys);
      const owner = controller?.owner;
      const isMade = owner !== undefined &&
        controllerKindOf(owner) !== undefined;
      return isMade ? undefined : controller;
    },
  }, { api, signal });
  return items;
}

/**
 * Reads the labels of a node.
 *
 * @param node Its name.
 * @param query How to ask.
 */
export async function readNodeLabels(
  node: string,
  { api, signal }: Omit<ClusterQuery, "keys">,
): Promise<Readonly<Record<string, unknown>>> {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
  return recordAt(recordAt(await api.read(path, signal), "metadata"), "labels");
}

function decodePlacedPod(
  object: unknown,
  keys: AnnotationKeys,
): PlacedPod | undefined {
  const pod = decodePod(object, keys);
  if (pod === undefined) return undefined;
  const node = recordAt(object, "spec")["nodeName"];
  const labels = recordAt(recordAt(object, "metadata"), "labels");
  const conditions = recordAt(object, "status")["conditions"];
  return {
    pod,
    node: typeof node === "string" ? node : "",
    isDaemon: labels[DAEMON_LABEL.key] === DAEMON_LABEL.value,
    isReady: Array.isArray(conditions) &&
      conditions.some((condition) =>
        isRecord(condition) && condition["type"] === "Ready" &&
        condition["status"] === "True"
      ),
  };
}

function recordAt(
  object: unknown,
  key: string,
): Readonly<Record<string, unknown>> {
  const value = isRecord(object) ? object[key] : undefined;
  return isRecord(value) ? value : {};
}
