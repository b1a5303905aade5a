import type { DebugOptions } from "../admin/debug_handler.ts";
import { describeStore } from "../admin/debug_store.ts";
import { createAdminHandler } from "../admin/handler.ts";
import { listenOnSocket } from "../admin/socket.ts";
import { type Health, healthText, readinessGauge } from "../admin/health.ts";
import { Ring } from "../admin/ring.ts";
import type { Config } from "../config/config.ts";
import { deriveSettings, policyOf, type Settings } from "../config/settings.ts";
import { describeReload, type ReloadOutcome } from "../config/reloader.ts";
import { canonicalAddress, isLoopback } from "../core/address.ts";
import type { Caller } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { Condition } from "../core/condition.ts";
import { startDeadline } from "../core/deadline.ts";
import { MintError } from "../core/mint.ts";
import { grantCommand } from "../core/iam_role.ts";
import { createDecider } from "../core/decider.ts";
import type { Decision } from "../core/policy.ts";
import { listGrants } from "../core/grant.ts";
import { CredentialsState } from "../google/credentials_state.ts";
import { NodeIdentity } from "../google/node_identity.ts";
import {
  describeInterception,
  interceptionGauges,
} from "../interception/interception_report.ts";
import { clusterGauges, describeIndex } from "../kubernetes/cluster_report.ts";
import type { Connection } from "../kubernetes/connection.ts";
import { ConcurrencyLimit } from "../metadata/concurrency_limit.ts";
import { createAuditRecorder } from "../metadata/audit_recorder.ts";
import { createExchangeRecorder } from "../metadata/exchange_recorder.ts";
import { createMetadataHandler } from "../metadata/handler.ts";
import { drain } from "../metadata/drain.ts";
import { describeListener, listen } from "../metadata/listener.ts";
import {
  learnAhead,
  rememberListings,
  rememberNodeValues,
} from "../metadata/node_values.ts";
import {
  blankRequestView,
  describeExchange,
} from "../metadata/request_view.ts";
import { requestGauges } from "../metadata/request_gauges.ts";
import { UpstreamClient } from "../metadata/upstream_client.ts";
import { isWritten, type Log } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { EventLoopDelay, processGauges } from "../telemetry/process_gauges.ts";
import { VERSION } from "../telemetry/version.ts";
import { clusterSettings, createCluster } from "./create_cluster.ts";
import { createInterception } from "./create_interception.ts";
import { createTokens } from "./create_tokens.ts";
import { describeListening, listenForPods } from "./listen_for_pods.ts";
import { PodEvents } from "./pod_events.ts";
import { describeTokens, tokenGauges } from "../tokens/token_report.ts";

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
  /** Takes a line for each token, if the configuration wants that. */
  readonly auditLog: Log;
  /** The effective configuration with the origin of each value, secrets masked. */
  readonly configText: () => string;
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

/**
 * What pods may have going on at once. Slow and idle connections, which the HTTP server
 * cannot limit, are for the kernel to count.
 */
const IN_FLIGHT = { total: 1_024, perAddress: 256 };
/** Requests that are kept to be looked at. */
const LAST_REQUESTS = 200;
/** Each request that waits for a change may hold a connection to the real server. */
const WAITS = { total: 64, perAddress: 8 };

/**
 * Starts the daemon: the guard first, then the listeners and the redirect to them,
 * then everything that needs an API server, a metadata server or IAM. None of
 * these has to be there. The rules stay when the daemon stops.
 *
 * @param config Effective configuration.
 * @param options Collaborators.
 * @returns The running daemon.
 * @throws {ListenError} If a port is taken, or the machine lacks an address.
 * @throws {InterceptionError} If the rules cannot be put in place.
 */
export async function startDaemon(
  config: Config,
  options: DaemonOptions,
): Promise<Daemon> {
  const { clock, log } = options;
  let settings = deriveSettings(config);
  const current = (): Settings => settings;
  await using starting = new AsyncDisposableStack();
  // The first in the stack, and so the last to end: what ends counts too.
  const metrics = starting.use(new Metrics(VERSION));
  const delay = new EventLoopDelay(clock);
  const cluster = starting.use(
    createCluster(current, {
      ...options,
      metrics,
      onChange: () => noteChange(),
    }),
  );
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
  const nodeValues = rememberNodeValues(metadataServer.ask, clock.now);
  const listings = rememberListings(podUpstream.ask, clock.now);
  const decide = createDecider();
  const decideFor = ({ pod, namespace }: Caller): Decision =>
    decide(policyOf(settings, node.account), pod, namespace);
  const health = (): Health => ({
    hostIP: settings.config.interception.hostIP,
    projectId: node.projectId,
  });
  const credentials = new CredentialsState();
  /** What an operator has to do about a refusal by IAM. */
  const fixFor = (account: string): string | undefined =>
    node.account && grantCommand(account, node.account);
  const tokens = createTokens(current, {
    ...options,
    credentials,
    askMetadataServer: metadataServer.ask,
    metrics,
    budgetMs: REQUEST_BUDGET_MS,
    grants: () => listGrants(cluster.callers(), decideFor),
    onRenewal: (outcome) => events.noteRenewal(outcome),
    fixFor,
  });
  const events = new PodEvents({
    ...options,
    cluster,
    current,
    decide: decideFor,
    metrics,
  });
  const noteChange = (): void => {
    tokens.keeper.changed();
    events.changed();
  };
  let reload: ReloadOutcome | undefined;
  const stopping = new AbortController();

  // The guard goes in before anything else: no pod may reach the real server, even while we start.
  const interception = createInterception(config, options);
  await interception?.guard(config.interception);

  const conditions = (): readonly Condition[] => [
    describeListener(server),
    describeIndex(cluster),
    ...(interception === undefined ? [] : [describeInterception(interception)]),
    credentials.describe(),
    describeReload(reload),
  ];
  /** Whether pods would find here what they have with the daemon before. */
  const isAsGood = (): boolean =>
    conditions().every(({ name, ok }) => ok || name === "interception") &&
    (settings.config.defaults.serviceAccount !== "default" ||
      node.account !== undefined) &&
    credentials.isIamThere && tokens.keeper.isSettled;
  const waits = new ConcurrencyLimit(WAITS);
  const inFlight = new ConcurrencyLimit(IN_FLIGHT);
  const record = createExchangeRecorder({
    log,
    isLogged: (level) => isWritten(level, settings.config.log.level),
    metrics,
    fixFor,
  });
  const audit = createAuditRecorder({
    log: options.auditLog,
    isOn: () => settings.config.log.audit,
  });
  const requests = new Ring(LAST_REQUESTS, blankRequestView);
  let lastRequestAtMs = clock.now();
  const debug: DebugOptions = {
    state: () => ({
      version: VERSION,
      node: config.kubernetes.node,
      projectId: node.projectId ?? "",
      conditions: conditions(),
      store: describeStore(cluster.callers(), decideFor),
      tokens: describeTokens(tokens.cache, clock.now),
      traceUrlTemplate: settings.config.telemetry.traceUrlTemplate ?? "",
    }),
    requests,
    configText: options.configText,
    clock,
    stopping: stopping.signal,
  };
  const server = starting.use(
    await listenForPods(config, {
      section: "server",
      log,
      clock,
      handler: createMetadataHandler({
        identifyNow: cluster.identifyNow,
        identify: cluster.identify,
        decide: decideFor,
        mintNow: tokens.mintNow,
        mint: tokens.mint,
        askUpstream: podUpstream.ask,
        exposure: () => settings.exposure,
        nodeValues,
        listings,
        universeDomain: config.google.universeDomain,
        waits,
        inFlight,
        stopping: stopping.signal,
        hosts: () => settings.config.metadata.hosts,
        health: (address) =>
          isOwnAddress(address, settings.config) && !cluster.isClaimed(address)
            ? healthText(health())
            : undefined,
        observe: (exchange) => {
          record(exchange);
          audit(exchange);
          events.noteExchange(exchange);
          const nowMs = clock.now();
          // Another daemon of the node that looks whether this one lives is no client.
          if (exchange.address !== settings.config.interception.hostIP) {
            lastRequestAtMs = nowMs;
          }
          requests.add((view) => describeExchange(exchange, nowMs, view));
        },
        isLeaving: () => interception?.state.isSuperseded ?? false,
        startBudget: () =>
          startDeadline(clock, {
            ms: REQUEST_BUDGET_MS,
            reason: () =>
              new MintError(
                "iam-unavailable",
                "No token could be had in time; try again",
              ),
          }),
        clock,
      }),
    }),
  );
  const listener = describeListening(config, server.address.port);
  const elder = await interception?.findElder(config.interception, listener);
  const adminHandler = createAdminHandler({
    health,
    conditions,
    metrics,
    ...(config.admin.debug ? { debug } : {}),
  });
  const admin = starting.use(listen(config.admin, {
    section: "admin",
    log,
    clock,
    handler: adminHandler,
    waitsForPort: elder !== undefined,
  }));
  if (config.admin.socket !== undefined) {
    const { socket } = config.admin;
    starting.use(listenOnSocket(socket, { handler: adminHandler, clock, log }));
  }
  if (elder === undefined) {
    // As soon as the listener is up, never waiting for the index: refused is safe, past us is not.
    await interception?.redirect(config.interception, listener);
  }
  for (
    const gauge of [
      readinessGauge(conditions),
      ...clusterGauges(cluster),
      ...tokenGauges(tokens.cache, clock.now),
      ...requestGauges(inFlight, waits),
      ...processGauges(clock.now(), delay),
      ...(interception === undefined ? [] : interceptionGauges(interception)),
    ]
  ) metrics.addGauge(gauge);

  cluster.start();
  learnAhead(nodeValues, listings);
  const running = Promise.all([
    delay.run(stopping.signal),
    metrics.run(clock, stopping.signal),
    // The node's own account can be the default one.
    node.learn(stopping.signal).then(noteChange),
    events.run(stopping.signal),
    tokens.keeper.run(stopping.signal),
    interception?.run(
      () => settings.config.interception.checkInterval,
      stopping.signal,
    ),
    elder && interception?.takeOver(config.interception, listener, {
      elder,
      isReady: isAsGood,
      signal: stopping.signal,
    }),
  ]);
  starting.defer(async () => {
    if (await interception?.leave(settings.config.interception, listener)) {
      log("info", "Another daemon has the pods; waiting for clients to go");
      await drain({ idleMs: () => clock.now() - lastRequestAtMs, clock });
    }
    stopping.abort();
    await running;
  });
  const stack = starting.move();
  return {
    address: server.address,
    adminAddress: admin.address,
    reconfigure(next: Config): void {
      cluster.change(clusterSettings(next), () => {
        settings = deriveSettings(next);
        noteChange();
        log("info", "The configuration is in force");
        interception?.change(next.interception, listener);
      });
    },
    noteReload(outcome: ReloadOutcome): void {
      reload = outcome;
      metrics.noteReload(outcome.kind, outcome.atMs);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function createUpstream(address: string, clock: Clock): UpstreamClient {
  return new UpstreamClient({ address, timeoutMs: UPSTREAM_TIMEOUT_MS, clock });
}

/** Tells whether a peer is this machine itself, as the kubelet's probes are. */
function isOwnAddress(address: string, config: Config): boolean {
  return isLoopback(address) || address === config.interception.hostIP ||
    Deno.networkInterfaces().some((own) =>
      canonicalAddress(own.address) === address
    );
}
