import { setTimeout as waitFor } from "node:timers/promises";
import type { SandboxSleep } from "../fault_plan.ts";
import { type AcceptedToken, KubernetesAccess } from "./access.ts";
import { KubernetesCluster } from "./cluster.ts";
import { KubernetesFaultPlan, type KubernetesQuirks } from "./fault_plan.ts";
import { KubernetesFaults } from "./faults.ts";
import { createKubernetesHandler } from "./handler.ts";
import type { JsonObject } from "./json.ts";
import { KubernetesListener } from "./listener.ts";
import { namespaceObject } from "./objects.ts";
import { KubernetesRegistry } from "./registry.ts";
import { KubernetesRequestLog, type RecordedRequest } from "./request_log.ts";
import type { ResourceName } from "./resources.ts";
import { KubernetesStore } from "./store.ts";
import { KubernetesWatches } from "./watches.ts";

/** How an emulated API server is set up. */
export interface KubernetesApiOptions {
  /** Milliseconds since the Unix epoch; the real time if left out. */
  readonly now?: () => number;
  /** Waits for delays and watch timeouts; really waits if left out. */
  readonly sleep?: SandboxSleep;
  /** Port on 127.0.0.1; a free one if left out. */
  readonly port?: number;
  /** Accepted bearer tokens; left out, nobody has to authenticate. */
  readonly tokens?: readonly (string | AcceptedToken)[];
  /** Lawful ways of the server. */
  readonly quirks?: KubernetesQuirks;
  /** How many changes are kept for watches and pages; 10,000 if left out. */
  readonly historyLimit?: number;
  /** Objects that exist from the start, namespaces before the pods in them. */
  readonly objects?: readonly JsonObject[];
}

/** Namespaces that every cluster has. */
const FIRST_NAMESPACES = [
  "default",
  "kube-node-lease",
  "kube-public",
  "kube-system",
];

/**
 * Starts an emulated Kubernetes API server on loopback HTTP, with the namespaces that
 * every cluster has.
 *
 * @param options How it is set up.
 * @returns The running server; dispose of it or call `stop()`.
 * @throws {KubernetesStatusError} If the real server would refuse one of the objects.
 */
export async function startKubernetesApi(
  options: KubernetesApiOptions = {},
): Promise<KubernetesApi> {
  const api = new KubernetesApi(options);
  for (const name of FIRST_NAMESPACES) {
    api.cluster.create(namespaceObject({ name }));
  }
  for (const object of options.objects ?? []) api.cluster.create(object);
  await api.start();
  return api;
}

/** An emulated Kubernetes API server for pods and namespaces. */
export class KubernetesApi implements AsyncDisposable {
  /** The objects, to be read and changed in code. */
  readonly cluster: KubernetesCluster;
  /** What can be made to go wrong. */
  readonly faults: KubernetesFaults;
  readonly #store: KubernetesStore;
  readonly #watches = new KubernetesWatches();
  readonly #log = new KubernetesRequestLog();
  readonly #access: KubernetesAccess;
  readonly #listener: KubernetesListener;

  /**
   * Creates a server that holds nothing and does not listen yet;
   * {@linkcode startKubernetesApi} does all of it.
   *
   * @param options How it is set up.
   */
  constructor(options: KubernetesApiOptions) {
    const now = options.now ?? Date.now;
    const sleep = options.sleep ?? sleepReally;
    const store = new KubernetesStore({
      historyLimit: options.historyLimit ?? 10_000,
    });
    const plan = new KubernetesFaultPlan(options.quirks ?? {});
    const registry = new KubernetesRegistry(store, { now });
    const access = new KubernetesAccess(options.tokens);
    const watches = this.#watches;
    store.subscribe((change) => watches.deliver(change));
    const parts = {
      store,
      plan,
      registry,
      access,
      watches,
      log: this.#log,
      now,
      sleep,
    };
    this.#store = store;
    this.cluster = new KubernetesCluster(store, registry);
    this.#access = access;
    this.#listener = new KubernetesListener(
      createKubernetesHandler(parts),
      options.port ?? 0,
    );
    this.faults = new KubernetesFaults({
      store,
      plan,
      watches,
      listener: this.#listener,
    });
  }

  /** Base address, `http://127.0.0.1:PORT`; stays the same over restarts. */
  get url(): string {
    return this.#listener.url;
  }

  /** Every request so far, oldest first; a copy. */
  get requests(): readonly RecordedRequest[] {
    return this.#log.requests;
  }

  /** How many requests came, by verb and resource, such as `list pods`; a copy. */
  get counts(): ReadonlyMap<string, number> {
    return this.#log.counts;
  }

  /** Listens, again on the same port after {@linkcode stop}; objects are kept. */
  start(): Promise<void> {
    return this.#listener.start();
  }

  /** Drops every connection and stops listening. */
  stop(): Promise<void> {
    return this.#listener.stop();
  }

  /** Does what {@linkcode stop} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Waits until exactly so many watches of a resource are open.
   *
   * @param resource Which resource.
   * @param count How many; may be 0.
   */
  watching(resource: ResourceName, count: number): Promise<void> {
    return this.#watches.reached(resource, count);
  }

  /**
   * Counts the open watches of a resource.
   *
   * @param resource Which resource.
   */
  openWatches(resource: ResourceName): number {
    return this.#watches.count(resource);
  }

  /**
   * Waits for requests; earlier ones count too.
   *
   * @param matches Which requests count.
   * @param count How many there must be.
   * @returns The matching requests so far, at least `count` of them.
   */
  requestsMatching(
    matches: (request: RecordedRequest) => boolean,
    count: number,
  ): Promise<readonly RecordedRequest[]> {
    return this.#log.matching(matches, count);
  }

  /**
   * Replaces the accepted bearer tokens; open watches go on, as in the real server.
   *
   * @param tokens Accepted from now on.
   */
  acceptTokens(tokens: readonly (string | AcceptedToken)[]): void {
    this.#access.acceptTokens(tokens);
  }

  /** Sends a BOOKMARK with the newest version into every watch that wants bookmarks. */
  sendBookmarks(): void {
    this.#watches.forEach((stream) => stream.bookmark(this.#store.version));
  }
}

async function sleepReally(
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  await waitFor(milliseconds, undefined, { signal });
}
