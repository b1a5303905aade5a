import type { Condition } from "../core/condition.ts";
import type { GaugeDefinition } from "../telemetry/instruments.ts";
import type { Cluster } from "./cluster.ts";

/** A watch is opened again after 4 minutes of silence; past this, that did not help. */
const MAX_READY_AGE_MS = 10 * 60_000;

/**
 * Tells for readiness whether pods can be told apart, and the API server is heard of.
 *
 * @param cluster What is known of the cluster.
 */
export function describeIndex(
  cluster: Pick<Cluster, "hasSynced" | "podCount" | "contactAgeMs">,
): Condition {
  const { hasSynced, podCount, contactAgeMs = 0 } = cluster;
  if (!hasSynced) return { name: "index", ok: false, detail: "not listed yet" };
  const seconds = Math.round(contactAgeMs / 1000);
  return contactAgeMs < MAX_READY_AGE_MS
    ? { name: "index", ok: true, detail: `${podCount} pods known` }
    : {
      name: "index",
      ok: false,
      detail:
        `${podCount} pods known, the API server was last heard of ${seconds} s ago`,
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
      name: "saassigner_host_network_pods",
      help:
        "Pods with an account that get none, since they use the node's network",
      read: () => cluster.hostNetworkCount,
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
