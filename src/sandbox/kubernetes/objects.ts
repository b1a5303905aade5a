import type { JsonObject } from "./json.ts";

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

function addressesOf(
  podIP: string | undefined,
  addresses: readonly string[],
): JsonObject {
  if (podIP === undefined) return {};
  return { podIP, podIPs: addresses.map((ip) => ({ ip })) };
}
