import type { Pod } from "../../src/core/pod.ts";

/** A running pod of the default namespace without annotations, changed as asked. */
export function createPod(changes: Partial<Pod> = {}): Pod {
  return {
    uid: "uid-1",
    namespace: "default",
    name: "app",
    addresses: ["10.0.0.5"],
    phase: "Running",
    isTerminating: false,
    createdAtMs: 1_000,
    hostNetwork: false,
    serviceAccountName: "default",
    accountAnnotation: undefined,
    scopesAnnotation: undefined,
    ...changes,
  };
}
