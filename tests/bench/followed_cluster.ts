import type { Clock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kubernetes/cluster.ts";
import { connectToServer } from "../../src/kubernetes/server_connection.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";

/** Node whose pods are followed. */
export const NODE = "n1";

/** Keys of the annotations that are read. */
export const ANNOTATIONS = {
  serviceAccount: "accounts.google.com/service-account",
  scopes: "accounts.google.com/scopes",
  allowedServiceAccounts: "accounts.google.com/allowed-service-accounts",
} as const;

/**
 * Follows an emulated cluster as the program does, in this process.
 *
 * @param api Where the cluster is.
 * @param clock Time.
 */
export function followCluster(api: KubernetesApi, clock: Clock): Cluster {
  const cluster = new Cluster({
    connection: connectToServer({ url: api.url, insecure: false }),
    userAgent: "bench",
    node: NODE,
    settings: { annotations: ANNOTATIONS, namespaces: "needed" },
    patience: () => ({
      maxWaitMs: 10_000,
      maxPauseMs: 10_000,
      maxStalenessMs: 900_000,
    }),
    metrics: new Metrics("bench"),
    clock,
    // The watches are as short as they ever are.
    random: () => 0,
    log: () => {},
    onChange: () => {},
  });
  cluster.start();
  return cluster;
}
