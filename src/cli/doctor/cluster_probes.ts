import type { Config } from "../../config/config.ts";
import { CONTROLLER_KINDS } from "../../core/controller.ts";
import { DAEMON_ACCESS } from "../../core/daemon_access.ts";
import type { Namespace } from "../../core/namespace_index.ts";
import type { Pod } from "../../core/pod.ts";
import { ApiClient } from "../../kubernetes/api_client.ts";
import type { Connection } from "../../kubernetes/connection.ts";
import { VERSION } from "../../telemetry/version.ts";
import { type AnsweredRight, reviewAccess } from "./access.ts";
import { readVersion } from "./api_server.ts";
import {
  listControllers,
  listNamespaces,
  listPlacedPods,
  listPodsOf,
  type PlacedPod,
  readNodeLabels,
} from "./cluster_facts.ts";
import type { ClockReading } from "./clock_skew.ts";
import type { ListedControllers } from "./controllers.ts";
import { type Outcome, probe, type ProbeOptions } from "./probe.ts";

/** What is being asked of the API server. */
export interface ClusterProbes {
  /** Its version. */
  readonly version: Promise<Outcome<string>>;
  /** Its clock. */
  readonly clock: Promise<Outcome<ClockReading>>;
  /** What this account may do. */
  readonly access: Promise<Outcome<readonly AnsweredRight[]>>;
  /** Pods of the node. */
  readonly nodePods: Promise<Outcome<readonly Pod[]>>;
  /** Pods of all nodes. */
  readonly placedPods: Promise<Outcome<readonly PlacedPod[]>>;
  /** All namespaces. */
  readonly namespaces: Promise<Outcome<readonly Namespace[]>>;
  /** Controllers of all namespaces, by kind. */
  readonly controllers: Promise<readonly ListedControllers[]>;
  /** Labels of the node. */
  readonly nodeLabels: Promise<Outcome<Readonly<Record<string, unknown>>>>;
}

/** What {@linkcode probeCluster} needs. */
export interface ClusterProbeOptions extends ProbeOptions {
  /** Where the API server is. */
  readonly connection: Connection;
  /** What needs closing at the end. */
  readonly stack: DisposableStack;
}

/**
 * Starts to ask the API server: first for its version, and if that comes for all the rest.
 *
 * @param config Effective configuration.
 * @param options Server, time and limit of each question.
 */
export function probeCluster(
  { annotations: keys, kubernetes: { node } }: Config,
  options: ClusterProbeOptions,
): ClusterProbes {
  const { connection, clock, stack } = options;
  const sentMs = clock.now();
  let reading: ClockReading | undefined;
  const api = stack.use(
    new ApiClient({
      connection,
      clock,
      userAgent: `k8s-gke-service-account-assigner/${VERSION} doctor`,
      onDate: (date) => reading ??= { date, sentMs, receivedMs: clock.now() },
    }),
  );
  const version = probe((signal) => readVersion(api, signal), options);
  const afterwards = async <T>(
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<Outcome<T>> =>
    (await version).kind === "got" ? await probe(work, options) : UNREACHED;
  return {
    version,
    clock: version.then(() =>
      reading === undefined ? UNREACHED : { kind: "got", value: reading }
    ),
    access: afterwards((signal) => reviewAccess(DAEMON_ACCESS, api, signal)),
    nodePods: afterwards((signal) => listPodsOf(node, { api, keys, signal })),
    placedPods: afterwards((signal) => listPlacedPods({ api, keys, signal })),
    namespaces: afterwards((signal) => listNamespaces({ api, keys, signal })),
    controllers: Promise.all(CONTROLLER_KINDS.map(async (type) => ({
      resource: type.resource,
      outcome: await afterwards((signal) =>
        listControllers(type, { api, keys, signal })
      ),
    }))),
    nodeLabels: node === ""
      ? Promise.resolve(NO_NODE)
      : afterwards((signal) => readNodeLabels(node, { api, signal })),
  };
}

const UNREACHED = {
  kind: "skipped",
  reason: "the API server is not reached",
} as const;

const NO_NODE = {
  kind: "skipped",
  reason: "kubernetes.node is not set",
} as const;

/**
 * Stands in for the answers of an API server that nobody names.
 *
 * @param error Why there is none.
 */
export function missCluster(error: unknown): ClusterProbes {
  const unreached = Promise.resolve(UNREACHED);
  return {
    version: Promise.resolve({ kind: "failed", error }),
    clock: unreached,
    access: unreached,
    nodePods: unreached,
    placedPods: unreached,
    namespaces: unreached,
    controllers: Promise.resolve(
      CONTROLLER_KINDS.map(({ resource }) => ({
        resource,
        outcome: UNREACHED,
      })),
    ),
    nodeLabels: unreached,
  };
}
