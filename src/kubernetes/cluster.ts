import type { Caller, Identify, IdentifyNow } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { NamespaceIndex } from "../core/namespace_index.ts";
import type { Pod } from "../core/pod.ts";
import type { PodIndex } from "../core/pod_index.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ApiClient } from "./api_client.ts";
import { CallerFinder } from "./caller_finder.ts";
import { type ClusterSettings, ClusterView } from "./cluster_view.ts";
import type { Connection } from "./connection.ts";
import { decodePod } from "./decode.ts";
import { asksInVain, createHostNetworkNotice } from "./host_network_notice.ts";
import { createLiveLookup } from "./live_lookup.ts";

/** Clocks are set right by less than this all the time. */
const CLOCK_TOLERANCE_MS = 2_000;

/** What {@linkcode Cluster} needs. */
export interface ClusterOptions {
  /** Where the API server is. */
  readonly connection: Connection;
  /** Sent with each request. */
  readonly userAgent: string;
  /** Name of the node whose pods are watched; empty for every pod. */
  readonly node: string;
  /** What to watch and read at first. */
  readonly settings: ClusterSettings;
  /** How patient to be; asked for each time, so that it can change. */
  readonly patience: () => Patience;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Takes log lines. */
  readonly log: Log;
  /** Called after each change of what is known. */
  readonly onChange: () => void;
  /** Counts what is asked of the API server, and waits of requests. */
  readonly metrics: ClusterMetrics;
}

/** Takes what the metrics tell of the API server. */
export type ClusterMetrics = Pick<
  Metrics,
  "countList" | "countLookup" | "observeWait"
>;

/** How long is waited, and what is known trusted. */
export interface Patience {
  /** How long a caller that is not known yet waits, in milliseconds. */
  readonly maxWaitMs: number;
  /** Longest pause between two live lookups for one address, in milliseconds. */
  readonly maxPauseMs: number;
  /** Age of the last contact past which the index alone is not trusted, in milliseconds. */
  readonly maxStalenessMs: number;
}

/** A view that is being kept up to date. */
interface RunningView {
  readonly view: ClusterView;
  readonly ending: AbortController;
  readonly done: Promise<void>;
}

/** What is known of the cluster, through one view that can be replaced by another. */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #api: ApiClient;
  readonly #finder: CallerFinder;
  readonly #noticeHostNetwork: (pod: Pod) => void;
  #view: ClusterView;
  readonly #running = new Set<RunningView>();
  #current: RunningView | undefined;
  #successor: RunningView | undefined;

  /**
   * Creates a cluster of which nothing is known until {@linkcode start}.
   *
   * @param options Server, what to watch, and collaborators.
   */
  constructor(options: ClusterOptions) {
    const { node, clock, log } = options;
    this.#options = options;
    this.#api = new ApiClient(options);
    this.#noticeHostNetwork = createHostNetworkNotice(log);
    this.#view = this.#createView(options.settings);
    const pods = (): PodIndex => this.#view.pods;
    const namespaces = (): NamespaceIndex => this.#view.namespaces;
    this.#finder = new CallerFinder({
      get pods(): PodIndex {
        return pods();
      },
      get namespaces(): NamespaceIndex {
        return namespaces();
      },
      hasSynced: () => this.hasSynced,
      arePodsStale: () => this.#isStale(this.#view.podContactAtMs),
      areNamespacesStale: () => this.#isStale(this.#view.namespaceContactAtMs),
      needsNamespace: () => this.#view.settings.namespaces === "needed",
      lookUp: createLiveLookup({
        api: this.#api,
        node,
        decode: (object) => decodePod(object, this.#view.settings.annotations),
        clock,
        log,
        onLookup: (outcome) => options.metrics.countLookup(outcome),
      }),
      clock,
      onWaited: (seconds) => options.metrics.observeWait(seconds),
      maxWaitMs: () => options.patience().maxWaitMs,
      maxPauseMs: () => options.patience().maxPauseMs,
    });
  }

  /** Writes to the API server. */
  get api(): Pick<ApiClient, "send"> {
    return this.#api;
  }

  /** Finds the pod behind an address, if it need not be waited for. */
  get identifyNow(): IdentifyNow {
    return this.#finder.identifyNow;
  }

  /** Finds the pod behind an address. */
  get identify(): Identify {
    return this.#finder.identify;
  }

  /** Whether a complete list of everything that is watched was applied. */
  get hasSynced(): boolean {
    return this.#view.hasSynced;
  }

  /** Time since the watch of pods last heard of the API server, in milliseconds; `undefined` before the first time. */
  get contactAgeMs(): number | undefined {
    return this.#ageOf(this.#view.podContactAtMs);
  }

  /** Number of pods known, in any state. */
  get podCount(): number {
    return this.#view.pods.size;
  }

  /** Number of pods with an account that get none, since they use the node's network. */
  get hostNetworkCount(): number {
    return [...this.#view.pods.pods()].filter(asksInVain).length;
  }

  /** Number of requests that wait for their pod to become known. */
  get parkedCount(): number {
    return this.#finder.parkedCount;
  }

  /** Every pod known, in any state, with its namespace's allow-list if that is watched. */
  callers(): Iterable<Caller> {
    return this.#view.callers();
  }

  /**
   * Tells whether some pod claims an address.
   *
   * @param address Canonical address.
   */
  isClaimed(address: string): boolean {
    return this.#finder.isClaimed(address);
  }

  /** Begins to follow the cluster; never throws. */
  start(): void {
    this.#current ??= this.#run(this.#view);
  }

  /**
   * Changes what is watched and read. What is known so far goes on to be used
   * until everything has been listed anew. A later call supersedes one that still waits.
   *
   * @param settings What to watch and read from then on.
   * @param onChanged Called at the very moment that the new view takes over, or
   * at once if nothing has to be listed; never if superseded.
   */
  change(settings: ClusterSettings, onChanged: () => void): void {
    this.#successor?.ending.abort();
    this.#successor = undefined;
    if (isSame(settings, this.#view.settings)) {
      onChanged();
      return;
    }
    const successor = this.#run(this.#createView(settings));
    this.#successor = successor;
    successor.view.synced.then(() => {
      if (this.#successor !== successor) return;
      this.#successor = undefined;
      this.#current?.ending.abort();
      this.#current = successor;
      this.#view = successor.view;
      onChanged();
      this.#noteChange();
    });
  }

  /** A contact in the future is one of a clock that fell back: nobody knows its age. */
  #ageOf(atMs: number | undefined): number | undefined {
    if (atMs === undefined) return undefined;
    const ageMs = this.#options.clock.now() - atMs;
    return ageMs < -CLOCK_TOLERANCE_MS ? Infinity : Math.max(0, ageMs);
  }

  #isStale(contactAtMs: number | undefined): boolean {
    return (this.#ageOf(contactAtMs) ?? 0) >
      this.#options.patience().maxStalenessMs;
  }

  #createView(settings: ClusterSettings): ClusterView {
    return new ClusterView(settings, {
      node: this.#options.node,
      onChange: () => this.#noteChange(),
      onPod: this.#noticeHostNetwork,
      onListed: (collection) => this.#options.metrics.countList(collection),
    });
  }

  #noteChange(): void {
    this.#finder.recheck();
    this.#options.onChange();
  }

  #run(view: ClusterView): RunningView {
    const ending = new AbortController();
    const options = { ...this.#options, api: this.#api, signal: ending.signal };
    const done = view.run(options).then(() => {
      this.#running.delete(running);
    });
    const running: RunningView = { view, ending, done };
    this.#running.add(running);
    return running;
  }

  /** Stops following the cluster and closes the connections to the API server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#successor = undefined;
    for (const { ending } of this.#running) ending.abort();
    await Promise.all([...this.#running].map(({ done }) => done));
    this.#api[Symbol.dispose]();
  }
}

function isSame(one: ClusterSettings, other: ClusterSettings): boolean {
  return one.namespaces === other.namespaces &&
    one.annotations.serviceAccount === other.annotations.serviceAccount &&
    one.annotations.scopes === other.annotations.scopes &&
    one.annotations.allowedServiceAccounts ===
      other.annotations.allowedServiceAccounts;
}
