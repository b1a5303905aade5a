/** What of the daemon needs a right. */
export type AccessUse =
  /** Finding the pod behind an address. */
  | "pods"
  /** Holding pods to their namespace's allow-list. */
  | "namespaces"
  /** Telling on pods why they get no token. */
  | "events";

/** Something that the daemon does at the API server, in the words of RBAC. */
export interface AccessRight {
  /** API group; empty for the core one. */
  readonly group: string;
  /** Resource, such as `pods`. */
  readonly resource: string;
  /** Verb, such as `list`. */
  readonly verb: string;
  /** What it is needed for. */
  readonly use: AccessUse;
}

/** Every right that the daemon's ClusterRoles give it, in all namespaces. */
export const DAEMON_ACCESS: readonly AccessRight[] = [
  { group: "", resource: "pods", verb: "list", use: "pods" },
  { group: "", resource: "pods", verb: "watch", use: "pods" },
  { group: "", resource: "namespaces", verb: "list", use: "namespaces" },
  { group: "", resource: "namespaces", verb: "watch", use: "namespaces" },
  { group: "events.k8s.io", resource: "events", verb: "create", use: "events" },
  { group: "events.k8s.io", resource: "events", verb: "patch", use: "events" },
];
