import type { MisspeltKey } from "./annotation_key.ts";

/** What the daemon keeps of a pod, and all it needs to decide. */
export interface Pod {
  /** Identity of this very pod; a successor of the same name has another. */
  readonly uid: string;
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Name of the pod. */
  readonly name: string;
  /** All addresses of the pod, in canonical form. */
  readonly addresses: readonly string[];
  /** `status.phase`: Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase: string;
  /** Whether a deletion timestamp is set: the pod ends, but its containers may still run. */
  readonly isTerminating: boolean;
  /** When the pod was created, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** Whether the pod uses the node's network, and so cannot be told from the node. */
  readonly hostNetwork: boolean;
  /** Kubernetes service account of the pod. */
  readonly serviceAccountName: string;
  /** Value of the service account annotation, if the pod has it. */
  readonly accountAnnotation: string | undefined;
  /** Value of the scopes annotation, if the pod has it. */
  readonly scopesAnnotation: string | undefined;
  /** Key that was probably meant for the account, if the pod has no account annotation. */
  readonly misspeltKey?: MisspeltKey | undefined;
}

const names = new WeakMap<Pod, string>();

/**
 * Names a pod.
 *
 * @param pod The pod.
 * @returns `namespace/name`, the same string each time.
 */
export function nameOf(pod: Pod): string {
  let name = names.get(pod);
  if (name === undefined) {
    name = `${pod.namespace}/${pod.name}`;
    names.set(pod, name);
  }
  return name;
}

/**
 * Tells whether a pod's containers can be making calls (init containers run
 * in phase Pending).
 *
 * @param pod Pod to judge.
 */
export function isLive(pod: Pod): boolean {
  return pod.phase === "Pending" || pod.phase === "Running";
}

/** Outcome of looking for the pod behind an address. */
export type Lookup =
  | { readonly kind: "found"; readonly pod: Pod }
  | { readonly kind: "unknown" }
  | { readonly kind: "ambiguous" }
  | { readonly kind: "host-network" };

/**
 * Chooses the pod that owns an address among all that have it.
 *
 * A terminating pod keeps its identity until it is gone, unless a pod that was
 * not created before it holds the address too. Two claimants of equal standing
 * are ambiguous: a guess would hand one pod another's token. Pods on the
 * node's network never claim its address.
 *
 * @param pods Pods that have the address, in any state.
 */
export function chooseClaimant(pods: readonly Pod[]): Lookup {
  const callers = pods.filter(isLive);
  const live = callers.filter((pod) => !pod.hostNetwork);
  if (live.length === 0 && callers.length > 0) return { kind: "host-network" };
  const staying = live.filter((pod) => !pod.isTerminating);
  const [pod, ...others] = staying.length > 0 ? staying : live;
  if (pod === undefined) return { kind: "unknown" };
  if (others.length > 0) return { kind: "ambiguous" };
  const isNewest = live.every((other) => other.createdAtMs <= pod.createdAtMs);
  return isNewest ? { kind: "found", pod } : { kind: "ambiguous" };
}
