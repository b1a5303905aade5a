import type { AccessRule } from "./kubernetes/access.ts";

/** User as whom the daemon's service account is known to the API server. */
export const DAEMON_USER =
  "system:serviceaccount:kube-system:k8s-gke-service-account-assigner";

/** What the daemon may do: what the ClusterRole in `deploy/kustomize/base` lets it. */
export const DAEMON_RULES: readonly AccessRule[] = [
  { verb: "list", resource: "pods" },
  { verb: "watch", resource: "pods" },
  { verb: "list", resource: "namespaces" },
  { verb: "watch", resource: "namespaces" },
  { verb: "create", resource: "events" },
  { verb: "patch", resource: "events" },
];
