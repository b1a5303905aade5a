import { describeStore } from "./admin/debug_store.ts";
import { createAdminHandler } from "./admin/handler.ts";
import { type Condition, type Health, healthText } from "./admin/health.ts";
import type { Config } from "./config/config.ts";
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
import type { Connection, ConnectionOptions } from "./kubernetes/connection.ts";
import { createExchangeRecorder } from "./metadata/exchange_recorder.ts";
import { createMetadataHandler } from "./metadata/handler.ts";
import { UpstreamClient } from "./metadata/upstream_client.ts";
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
}

/** Thrown when a listener cannot be opened; the message names the option to change. */
export class ListenError extends Error {
  /**
   * Creates the error.
   *
   * @param message What cannot be opened, and which options say so.
   * @param options `cause` is the error underneath.
   */
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "ListenError";
  }
}

/** One request's time for finding the caller and minting. */
const REQUEST_BUDGET_MS = 4_500;
const UPSTREAM_TIMEOUT_MS = 3_000;
const TOKEN_CAPACITY = 10_000;
const MAX_RENEWAL_SECONDS = 600;
/** Time that requests in flight have to end when the daemon stops. */
const SHUTDOWN_MS = 5_000;

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
  await using starting = new AsyncDisposableStack();
  const metrics = new Metrics(VERSION);
  const cluster = starting.use(createCluster(config, options));
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
  const exposure = new Exposure(config.metadata);
  const policy = createPolicy(config, node);
  const decideFor = ({ pod, namespace }: Caller): Decision =>
    decide(policy(), pod, namespace);
  const health = (): Health => ({
    hostIP: config.interception.hostIP,
    projectId: node.projectId,
  });

  const admin = starting.use(listen(config.admin, {
    section: "admin",
    log,
    handler: createAdminHandler({
      health,
      conditions: () => conditionsOf(cluster),
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
      mint: createMint(config, { metadataServer, metrics, clock }),
      askUpstream: podUpstream.ask,
      exposure: () => exposure,
      hosts: () => config.metadata.hosts,
      health: (address) =>
        isOwnAddress(address, config) && !cluster.isClaimed(address)
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

  const stopping = new AbortController();
  const running = Promise.all([
    cluster.run(stopping.signal),
    node.learn(stopping.signal),
  ]);
  starting.defer(async () => {
    stopping.abort();
    await running;
  });
  const stack = starting.move();
  return {
    address: server.address,
    adminAddress: admin.address,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function createCluster(config: Config, options: DaemonOptions): Cluster {
  return new Cluster({
    ...options,
    userAgent: `k8s-gke-service-account-assigner/${VERSION}`,
    node: config.kubernetes.node,
    annotations: config.annotations,
    watchNamespaces: config.restrictions.mode !== "off",
    maxWaitMs: config.backoff.maxElapsed,
    maxPauseMs: config.backoff.maxInterval,
    maxStalenessMs: config.kubernetes.maxStaleness,
  });
}

function createUpstream(address: string, clock: Clock): UpstreamClient {
  return new UpstreamClient({ address, timeoutMs: UPSTREAM_TIMEOUT_MS, clock });
}

function createPolicy(config: Config, node: NodeIdentity): () => Policy {
  const { serviceAccount, scopes } = config.defaults;
  const defaultScopes = canonicalScopes(scopes) ?? [];
  const defaultAccount = (): DefaultAccount => {
    if (serviceAccount === "") return { kind: "none" };
    const account = serviceAccount === "default"
      ? node.account
      : serviceAccount;
    return account === undefined
      ? { kind: "unresolved" }
      : { kind: "account", account };
  };
  return () => ({
    defaultAccount: defaultAccount(),
    defaultScopes,
    restrictions: config.restrictions.mode,
  });
}

function createMint(
  config: Config,
  options: {
    readonly metadataServer: UpstreamClient;
    readonly metrics: Metrics;
    readonly clock: Clock;
  },
): Mint {
  const { metadataServer, metrics, clock } = options;
  const source = createSourceClient(
    config.google.credentials === "adc" ? { kind: "adc" } : {
      kind: "metadata",
      fetchToken: createNodeTokenSource(metadataServer.ask, clock.now),
    },
  );
  const impersonate = createImpersonation(source, {
    endpoint: config.google.iamEndpoint,
    lifetimeMs: config.google.lifetime,
    delegates: config.google.delegates,
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
  return withCache(
    withDeadline(counted, { deadlineMs: REQUEST_BUDGET_MS, clock }),
    {
      capacity: TOKEN_CAPACITY,
      renewBelowSeconds: Math.min(
        MAX_RENEWAL_SECONDS,
        config.google.lifetime / 2000,
      ),
      now: clock.now,
      onOutcome: (outcome) => metrics.countCache(outcome),
    },
  );
}

function conditionsOf(cluster: Cluster): readonly Condition[] {
  return [{
    name: "index",
    ok: cluster.hasSynced,
    detail: cluster.hasSynced
      ? `${cluster.podCount} pods known`
      : "not listed yet",
  }];
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

interface Listener extends AsyncDisposable {
  readonly address: Deno.NetAddr;
}

interface ListenOptions {
  /** Section of the configuration that says where. */
  readonly section: "server" | "admin";
  readonly log: Log;
  readonly handler: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
  ) => Promise<Response>;
}

/** Starts an HTTP listener; on disposal requests in flight get a little time to end. */
function listen(
  at: { readonly address: string; readonly port: number },
  options: ListenOptions,
): Listener {
  const ending = new AbortController();
  const server = openListener(at, options, ending.signal);
  return {
    address: server.addr,
    async [Symbol.asyncDispose](): Promise<void> {
      const late = setTimeout(() => ending.abort(), SHUTDOWN_MS);
      await server.shutdown();
      clearTimeout(late);
    },
  };
}

function openListener(
  at: { readonly address: string; readonly port: number },
  { section, log, handler }: ListenOptions,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname: at.address,
      port: at.port,
      signal,
      onListen: ({ hostname, port }) =>
        log("info", "Listening", {
          listener: section,
          address: hostname,
          port,
        }),
    }, handler);
  } catch (cause) {
    const flag = section === "server" ? "--app-port" : "--admin-port";
    const problem = cause instanceof Deno.errors.AddrInUse
      ? "the port is taken by another program"
      : "the address cannot be listened on";
    throw new ListenError(
      `Cannot listen on ${at.address} port ${at.port}: ${problem}; ` +
        `change ${section}.port (${flag}) or ${section}.address`,
      { cause },
    );
  }
}
