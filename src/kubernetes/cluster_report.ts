import type { Condition } from "../core/condition.ts";
import type { GaugeDefinition } from "../telemetry/metrics.ts";
import type { Cluster } from "./cluster.ts";

/**
 * Tells for readiness whether pods can be told apart.
 *
 * @param cluster What is known of the cluster.
 */
export function describeIndex(cluster: Cluster): Condition {
  return {
    name: "index",
    ok: cluster.hasSynced,
    detail: cluster.hasSynced
      ? `${cluster.podCount} pods known`
      : "not listed yet",
  };
}

/**
 * Gives the gauges of the cluster.
 *
 * @param cluster What is known of the cluster.
 */
export function clusterGauges(cluster: Cluster): readonly GaugeDefinition[] {
  return [
    {
      name: "saassigner_pods",
      help: "Pods known, in any state",
      read: () => cluster.podCount,
    },
    {
      name: "saassigner_parked_requests",
      help: "Requests that wait for their pod to become known",
      read: () => cluster.parkedCount,
    },
    {
      name: "saassigner_watch_age_seconds",
      help: "Time since the watch of pods last heard of the API server",
      read: () =>
        cluster.contactAgeMs === undefined
          ? undefined
          : cluster.contactAgeMs / 1000,
    },
  ];
}
