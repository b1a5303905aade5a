import type { Config } from "../config/config.ts";
import type { Settings } from "../config/settings.ts";
import { Cluster, type ClusterOptions } from "../kubernetes/cluster.ts";
import type { ClusterSettings } from "../kubernetes/cluster_view.ts";
import { VERSION } from "../telemetry/version.ts";

/** Report mode tells what it can, but must not refuse for want of a namespace. */
const NAMESPACES = {
  off: "ignored",
  report: "watched",
  enforce: "needed",
} as const;

/**
 * Tells what of the configuration says which pods and namespaces to watch.
 *
 * @param config Effective configuration.
 */
export function clusterSettings(
  { annotations, restrictions }: Config,
): ClusterSettings {
  return { annotations, namespaces: NAMESPACES[restrictions.mode] };
}

/**
 * Creates what follows the cluster.
 *
 * @param current The configuration in force.
 * @param options Where the API server is, and collaborators.
 */
export function createCluster(
  current: () => Settings,
  options: Omit<
    ClusterOptions,
    "userAgent" | "node" | "settings" | "patience"
  >,
): Cluster {
  const { config } = current();
  return new Cluster({
    ...options,
    userAgent: `k8s-gke-service-account-assigner/${VERSION}`,
    node: config.kubernetes.node,
    settings: clusterSettings(config),
    patience: () => {
      const { backoff, kubernetes } = current().config;
      return {
        maxWaitMs: backoff.maxElapsed,
        maxPauseMs: backoff.maxInterval,
        maxStalenessMs: kubernetes.maxStaleness,
      };
    },
  });
}
