import { type JsonObject, type KubernetesObject, textAt } from "./json.ts";
import { apiVersionOf, typeOfKind } from "./resources.ts";

/** What a test or the sandbox says of a pod; the rest is filled in. */
export interface PodDescription {
  /** Name. */
  readonly name: string;
  /** Namespace; `default` if left out. */
  readonly namespace?: string;
  /** Node that runs the pod; left out, the pod is not scheduled yet. */
  readonly nodeName?: string;
  /** First address, as in `status.podIP`; left out, the first of `podIPs`. */
  readonly podIP?: string;
  /** All addresses, as in `status.podIPs`; left out, `podIP` alone. */
  readonly podIPs?: readonly string[];
  /** Annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Phase; `Running` if the pod has an address and a node, else `Pending`. */
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  /** Whether the pod shares the node's network; `false` if left out. */
  readonly hostNetwork?: boolean;
  /** Address of the node, as in `status.hostIP`. */
  readonly hostIP?: string;
  /** Kubernetes service account; `default` if left out. */
  readonly serviceAccountName?: string;
  /** What controls the pod. */
  readonly owner?: OwnerDescription;
}

/** Names what controls an object. */
export interface OwnerDescription {
  /** API group and version. */
  readonly apiVersion: string;
  /** Kind. */
  readonly kind: string;
  /** Name. */
  readonly name: string;
  /** Identity. */
  readonly uid: string;
}

/** What a test or the sandbox says of something that makes pods. */
export interface ControllerDescription {
  /** Kind of the groups `apps` and `batch`. */
  readonly kind: string;
  /** Name. */
  readonly name: string;
  /** Namespace; `default` if left out. */
  readonly namespace?: string;
  /** Annotations of its own. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Annotations of its pod template. */
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  /** Of a CronJob, annotations of its job template. */
  readonly jobAnnotations?: Readonly<Record<string, string>>;
  /** What controls it. */
  readonly owner?: OwnerDescription;
}

/** What a test or the sandbox says of a namespace. */
export interface NamespaceDescription {
  /** Name. */
  readonly name: string;
  /** Annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Builds a pod, shaped as one that the scheduler and the kubelet have filled in.
 *
 * @param pod What is particular to it.
 * @returns A new object, ready for creation.
 */
export function podObject(pod: PodDescription): JsonObject {
  const addresses = pod.podIPs ?? (pod.podIP === undefined ? [] : [pod.podIP]);
  const serviceAccountName = pod.serviceAccountName ?? "default";
  const isPlaced = pod.nodeName !== undefined && addresses.length > 0;
  const phase = pod.phase ?? (isPlaced ? "Running" : "Pending");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: pod.namespace ?? "default",
      ...(pod.labels === undefined ? {} : { labels: pod.labels }),
      ...(pod.annotations === undefined
        ? {}
        : { annotations: pod.annotations }),
      ...ownersOf(pod.owner),
    },
    spec: {
      containers: [{ name: "main", image: "registry.example/main:1" }],
      restartPolicy: "Always",
      serviceAccountName,
      serviceAccount: serviceAccountName,
      ...(pod.nodeName === undefined ? {} : { nodeName: pod.nodeName }),
      ...(pod.hostNetwork === true ? { hostNetwork: true } : {}),
    },
    status: {
      phase,
      qosClass: "BestEffort",
      conditions: [{
        type: "Ready",
        status: phase === "Running" ? "True" : "False",
      }],
      ...(pod.hostIP === undefined ? {} : { hostIP: pod.hostIP }),
      ...addressesOf(pod.podIP ?? addresses[0], addresses),
    },
  };
}

/**
 * Builds something that makes pods.
 *
 * @param controller What is particular to it.
 * @returns A new object, ready for creation.
 */
export function controllerObject(
  controller: ControllerDescription,
): JsonObject {
  const { kind, name, namespace = "default", annotations = {} } = controller;
  const type = typeOfKind(kind);
  const { templateAnnotations = {}, jobAnnotations = {}, owner } = controller;
  const template = {
    metadata: { labels: { app: name }, annotations: templateAnnotations },
    spec: { containers: [{ name: "main", image: "registry.example/main:1" }] },
  };
  const spec = {
    ...(type?.group === "apps"
      ? { selector: { matchLabels: { app: name } } }
      : {}),
    template,
  };
  return {
    apiVersion: type === undefined ? "" : apiVersionOf(type),
    kind,
    metadata: { name, namespace, annotations, ...ownersOf(owner) },
    spec: kind === "CronJob"
      ? {
        schedule: "0 3 * * *",
        jobTemplate: { metadata: { annotations: jobAnnotations }, spec },
      }
      : spec,
  };
}

/**
 * Names an object as what controls others.
 *
 * @param object The object as stored.
 */
export function ownerOf(object: KubernetesObject): OwnerDescription {
  const { name, uid } = object.metadata;
  return {
    apiVersion: textAt(object, "apiVersion"),
    kind: textAt(object, "kind"),
    name,
    uid,
  };
}

/**
 * Builds a node.
 *
 * @param node Its name, and its labels if any.
 * @returns A new object, ready for creation.
 */
export function nodeObject(node: NamespaceDescription): JsonObject {
  return { ...namespaceObject(node), kind: "Node" };
}

/**
 * Builds a namespace.
 *
 * @param namespace What is particular to it.
 * @returns A new object, ready for creation.
 */
export function namespaceObject(namespace: NamespaceDescription): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: namespace.name,
      ...(namespace.labels === undefined ? {} : { labels: namespace.labels }),
      ...(namespace.annotations === undefined
        ? {}
        : { annotations: namespace.annotations }),
    },
  };
}

function ownersOf(owner: OwnerDescription | undefined): JsonObject {
  return owner === undefined
    ? {}
    : { ownerReferences: [{ ...owner, controller: true }] };
}

function addressesOf(
  podIP: string | undefined,
  addresses: readonly string[],
): JsonObject {
  if (podIP === undefined) return {};
  return { podIP, podIPs: addresses.map((ip) => ({ ip })) };
}
