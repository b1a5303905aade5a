import type { NodeSize } from "./emulated_node_process.ts";

/** As many pods as GKE has on a node at most, in a cluster that is not small. */
export const USUAL_NODE: NodeSize = { pods: 110, namespaces: 1_000 };
