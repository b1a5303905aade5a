import { DAEMON_ACCESS } from "../core/daemon_access.ts";
import type { AccessRule } from "./kubernetes/access.ts";

/** User as whom the daemon's service account is known to the API server. */
export const DAEMON_USER =
  "system:serviceaccount:kube-system:k8s-gke-service-account-assigner";

/** What the daemon may do: what the ClusterRoles in `deploy/kustomize` let it. */
export const DAEMON_RULES: readonly AccessRule[] = DAEMON_ACCESS.map((
  { verb, resource },
) => ({ verb, resource }));
