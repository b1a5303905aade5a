import { describeStore } from "./admin/debug_store.ts";
import { createAdminHandler } from "./admin/handler.ts";
import { type Condition, type Health, healthText } from "./admin/health.ts";
import type { Config } from "./config/config.ts";
import type { ReloadOutcome } from "./config/reloader.ts";
import { canonicalAddress, isLoopback } from "./core/address.ts";
import type { Caller } from "./core/caller.ts";
import type { Clock } from "./core/clock.ts";
import { startDeadline } from "./core/deadline.ts";
import { Exposure } from "./core/exposure.ts";
import { type Mint, MintError } from "./core/mint.ts";
import {
  decide,
  type Decision,
  type DefaultAccount,
  type Policy,
} from "./core/policy.ts";
import { canonicalScopes } from "./core/scopes.ts";
import { createImpersonation } from "./google/impersonation.ts";
import { NodeIdentity } from "./google/node_identity.ts";
import { createNodeTokenSource } from "./google/node_token.ts";
import { createSourceClient } from "./google/source_client.ts";
import { Cluster } from "./kubernetes/cluster.ts";
import type { ClusterSettings } from "./kubernetes/cluster_view.ts";
import type { Connection, ConnectionOptions } from "./kubernetes/connection.ts";
import { createExchangeRecorder } from "./metadata/exchange_recorder.ts";
import { createMetadataHandler } from "./metadata/handler.ts";
import { listen } from "./metadata/listener.ts";
import { UpstreamClient } from "./metadata/upstream_client.ts";
import { WaitLimit } from "./metadata/wait_limit.ts";
import type { Log } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { VERSION } from "./telemetry/version.ts";
import { withCache } from "./tokens/with_cache.ts";
import { withDeadline } from "./tokens/with_deadline.ts";

/** What the daemon is given besides its configuration. */
export interface DaemonOptions {
  /** Where the API server is. */
  readonly connection: Connection;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Takes log lines. */
  readonly log: Log;
}

/** A daemon that listens; disposing of it stops it. */
export interface Daemon extends AsyncDisposable {
  /** Where pods' requests are taken. */
  readonly address: Deno.NetAddr;
  /** Where health, readiness and metrics are told. */
  readonly adminAddress: Deno.NetAddr;
  /**
   * Puts another configuration into force without losing a request.
   *
   * Where annotation keys or the need of namespaces change, that is once all has been
   * listed anew; a later call supersedes one that still waits.
   *
   * @param next Differs from the running one only in what can change at run time.
   */
  reconfigure(next: Config): void;
  /**
   * Takes note of an attempt to reload, for readiness and metrics.
   *
   * @param outcome How it ended.
   */
  noteReload(outcome: ReloadOutcome): void;
}

/** One request's time for finding the caller and minting. */
const REQUEST_BUDGET_MS = 4_500;
const UPSTREAM_TIMEOUT_MS = 3_000;
const MAX_RENEWAL_SECONDS = 600;
/** ID tokens are long, and their audiences are the callers' choice: a tenth of the cache is theirs. */
const ID_TOKEN_SHARE = 10;

/**
 * Says how the configuration wants the API server to be reached.
 *
 * @param config Effective configuration.
 */
export function connectionOptions({ kubernetes }: Config): ConnectionOptions {
  const { apiServer, apiToken, apiTokenFile, kubeconfig, insecure } =
    kubernetes;
  if (apiServer !== undefined) {
    return {
      kind: "server",
      url: apiServer,
      insecure,
      ...(apiToken === undefined ? {} : { token: apiToken }),
      ...(apiTokenFile === undefined ? {} : { tokenFile: apiTokenFile }),
    };
  }
  return kubeconfig === undefined
    ? { kind: "in-cluster", insecure }
    : { kind: "kubeconfig", file: kubeconfig, insecure };
}

/**
 * Starts the daemon: listeners first, then everything that needs an API server,
 * a metadata server or IAM. None of these has to be there.
 *
 * @param config Effective configuration.
 * @param options Collaborators.
 * @returns The running daemon.
 * @throws {ListenError} If a port is taken, or the machine lacks an address.
 */
export async function startDaemon(
  config: Config,
  options: DaemonOptions,
): Promise<Daemon> {
  const { clock, log } = options;
  let settings = deriveSettings(config);
  const current = (): Settings => settings;
  await using starting = new AsyncDisposableStack();
  const metrics = new Metrics(VERSION);
  const cluster = starting.use(createCluster(current, options));
  const metadataServer = starting.use(
    createUpstream(config.metadata.address, clock),
  );
  // A client of its own for what pods ask, so that they cannot use up the node's connections.
  const { nextHop } = config.metadata;
  const podUpstream = starting.use(
    createUpstream(
      nextHop.enabled ? nextHop.address : config.metadata.address,
      clock,
    ),
  );
  const node = new NodeIdentity({
    askUpstream: metadataServer.ask,
    clock,
    log,
  });
  const decideFor = ({ pod, namespace }: Caller): Decision =>
    decide(policyOf(settings, node), pod, namespace);
  const health = (): Health => ({
    hostIP: settings.config.interception.hostIP,
    projectId: node.projectId,
  });
  let reload: ReloadOutcome | undefined;
  const stopping = new AbortController();

  const admin = starting.use(listen(config.admin, {
    section: "admin",
    log,
    handler: createAdminHandler({
      health,
      conditions: () => [describeIndex(cluster), describeReload(reload)],
      metrics,
      ...(config.admin.debug
        ? { debugStore: () => describeStore(cluster.callers(), decideFor) }
        : {}),
    }),
  }));
  const server = starting.use(listen(config.server, {
    section: "server",
    log,
    handler: createMetadataHandler({
      identify: cluster.identify,
      decide: decideFor,
      mint: createMint(current, { metadataServer, metrics, clock }),
      askUpstream: podUpstream.ask,
      exposure: () => settings.exposure,
      waits: new WaitLimit(),
      stopping: stopping.signal,
      hosts: () => settings.config.metadata.hosts,
      health: (address) =>
        isOwnAddress(address, settings.config) && !cluster.isClaimed(address)
          ? healthText(health())
          : undefined,
      observe: createExchangeRecorder(log, metrics),
      startBudget: () =>
        startDeadline(clock, {
          ms: REQUEST_BUDGET_MS,
          reason: () =>
            new MintError(
              "iam-unavailable",
              "No token could be had in time; try again",
            ),
        }),
      now: clock.now,
    }),
  }));
  addGauges(metrics, cluster);

  cluster.start();
  const learning = node.learn(stopping.signal);
  starting.defer(async () => {
    stopping.abort();
    await learning;
  });
  const stack = starting.move();
  return {
    address: server.address,
    adminAddress: admin.address,
    reconfigure(next: Config): void {
      cluster.change(clusterSettings(next), () => {
        settings = deriveSettings(next);
        log("info", "The configuration is in force");
      });
    },
    noteReload(outcome: ReloadOutcome): void {
      reload = outcome;
      metrics.noteReload(outcome.kind, outcome.atMs);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The configuration in force, with what is derived from it once. */
interface Settings {
  readonly config: Config;
  readonly exposure: Exposure;
  readonly defaultScopes: readonly string[];
}

function deriveSettings(config: Config): Settings {
  return {
    config,
    exposure: new Exposure(config.metadata),
    defaultScopes: canonicalScopes(config.defaults.scopes) ?? [],
  };
}

function policyOf(
  { config, defaultScopes }: Settings,
  node: NodeIdentity,
): Policy {
  return {
    defaultAccount: defaultAccountOf(config.defaults.serviceAccount, node),
    defaultScopes,
    restrictions: config.restrictions.mode,
  };
}

function defaultAccountOf(option: string, node: NodeIdentity): DefaultAccount {
  if (option === "") return { kind: "none" };
  const account = option === "default" ? node.account : option;
  return account === undefined
    ? { kind: "unresolved" }
    : { kind: "account", account };
}

/** Report mode tells what it can, but must not refuse for want of a namespace. */
const NAMESPACES = {
  off: "ignored",
  report: "watched",
  enforce: "needed",
} as const;

function clusterSettings(
  { annotations, restrictions }: Config,
): ClusterSettings {
  return { annotations, namespaces: NAMESPACES[restrictions.mode] };
}

function createCluster(
  current: () => Settings,
  options: DaemonOptions,
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

function createUpstream(address: string, clock: Clock): UpstreamClient {
  return new UpstreamClient({ address, timeoutMs: UPSTREAM_TIMEOUT_MS, clock });
}

function createMint(
  current: () => Settings,
  options: {
    readonly metadataServer: UpstreamClient;
    readonly metrics: Metrics;
    readonly clock: Clock;
  },
): Mint {
  const { metadataServer, metrics, clock } = options;
  const { google, tokens } = current().config;
  const source = createSourceClient(
    google.credentials === "adc" ? { kind: "adc" } : {
      kind: "metadata",
      fetchToken: createNodeTokenSource(metadataServer.ask, clock.now),
    },
  );
  const impersonate = createImpersonation(source, () => {
    const { lifetime, delegates } = current().config.google;
    return { endpoint: google.iamEndpoint, lifetimeMs: lifetime, delegates };
  });
  const counted: Mint = async (request, signal) => {
    try {
      const token = await impersonate(request, signal);
      metrics.countMint(request.kind, "ok");
      return token;
    } catch (error) {
      metrics.countMint(
        request.kind,
        error instanceof MintError ? error.failure : "internal-error",
      );
      throw error;
    }
  };
  const limited = withDeadline(counted, {
    deadlineMs: REQUEST_BUDGET_MS,
    clock,
  });
  const cache = (capacity: number): Mint =>
    withCache(limited, {
      capacity,
      maxRenewalSeconds: MAX_RENEWAL_SECONDS,
      now: clock.now,
      onOutcome: (outcome) => metrics.countCache(outcome),
    });
  // Apart, so that a pod that asks for many audiences evicts nobody's access token.
  const accessTokens = cache(tokens.cacheEntries);
  const idTokens = cache(Math.ceil(tokens.cacheEntries / ID_TOKEN_SHARE));
  return (request, signal) =>
    (request.kind === "access-token" ? accessTokens : idTokens)(
      request,
      signal,
    );
}

function describeIndex(cluster: Cluster): Condition {
  return {
    name: "index",
    ok: cluster.hasSynced,
    detail: cluster.hasSynced
      ? `${cluster.podCount} pods known`
      : "not listed yet",
  };
}

/** A refused file does not make the daemon unready: the old configuration goes on. */
function describeReload(outcome: ReloadOutcome | undefined): Condition {
  const at = outcome === undefined ? "" : new Date(outcome.atMs).toISOString();
  const detail = outcome === undefined
    ? "as at start"
    : outcome.kind === "accepted"
    ? `reloaded at ${at}`
    : `the file was refused at ${at}, the configuration before it goes on: ${
      outcome.message.replaceAll("\n", "; ")
    }`;
  return { name: "configuration", ok: true, detail };
}

function addGauges(metrics: Metrics, cluster: Cluster): void {
  metrics.addGauge({
    name: "saassigner_pods",
    help: "Pods known, in any state",
    read: () => cluster.podCount,
  });
  metrics.addGauge({
    name: "saassigner_parked_requests",
    help: "Requests that wait for their pod to become known",
    read: () => cluster.parkedCount,
  });
  metrics.addGauge({
    name: "saassigner_watch_age_seconds",
    help: "Time since the API server was last heard of",
    read: () =>
      cluster.contactAgeMs === undefined
        ? undefined
        : cluster.contactAgeMs / 1000,
  });
}

/** Tells whether a peer is this machine itself, as the kubelet's probes are. */
function isOwnAddress(address: string, config: Config): boolean {
  return isLoopback(address) || address === config.interception.hostIP ||
    Deno.networkInterfaces().some((own) =>
      canonicalAddress(own.address) === address
    );
}
