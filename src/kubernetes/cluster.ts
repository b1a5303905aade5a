import type { Caller, Identify } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import { type Namespace, NamespaceIndex } from "../core/namespace_index.ts";
import type { Pod } from "../core/pod.ts";
import { PodIndex } from "../core/pod_index.ts";
import type { Log } from "../telemetry/log.ts";
import { ApiClient } from "./api_client.ts";
import { CallerFinder } from "./caller_finder.ts";
import type { Connection } from "./connection.ts";
import { type AnnotationKeys, decodeNamespace, decodePod } from "./decode.ts";
import { Informer } from "./informer.ts";
import { createLiveLookup } from "./live_lookup.ts";

/** What {@linkcode Cluster} needs. */
export interface ClusterOptions {
  /** Where the API server is. */
  readonly connection: Connection;
  /** Sent with each request. */
  readonly userAgent: string;
  /** Name of the node whose pods are watched; empty for every pod. */
  readonly node: string;
  /** Keys of the annotations that are read. */
  readonly annotations: AnnotationKeys;
  /** Whether allow-lists count, so that namespaces must be watched. */
  readonly watchNamespaces: boolean;
  /** How long a caller that is not known yet waits, in milliseconds. */
  readonly maxWaitMs: number;
  /** Longest pause between two live lookups for one address, in milliseconds. */
  readonly maxPauseMs: number;
  /** Age of the last contact past which the index alone is not trusted, in milliseconds. */
  readonly maxStalenessMs: number;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Takes log lines. */
  readonly log: Log;
}

/** What is known of the cluster: this node's pods, and the namespaces if they are needed. */
export class Cluster implements Disposable {
  readonly #options: ClusterOptions;
  readonly #api: ApiClient;
  readonly #pods = new PodIndex();
  readonly #namespaces = new NamespaceIndex();
  readonly #podInformer: Informer<Pod>;
  readonly #namespaceInformer: Informer<Namespace> | undefined;
  readonly #finder: CallerFinder;

  /**
   * Creates a cluster of which nothing is known until {@linkcode run}.
   *
   * @param options Server, what to watch, and collaborators.
   */
  constructor(options: ClusterOptions) {
    const { annotations, node, clock, log } = options;
    const namespaces = this.#namespaces;
    const onChange = (): void => this.#finder.recheck();
    this.#options = options;
    this.#api = new ApiClient(options);
    this.#podInformer = new Informer({
      path: "/api/v1/pods",
      ...(node === "" ? {} : { fieldSelector: `spec.nodeName=${node}` }),
      decode: (object) => decodePod(object, annotations),
    }, { store: this.#pods, onChange });
    this.#namespaceInformer = options.watchNamespaces
      ? new Informer({
        path: "/api/v1/namespaces",
        decode: (object) => decodeNamespace(object, annotations),
      }, { store: namespaces, onChange })
      : undefined;
    this.#finder = new CallerFinder({
      pods: this.#pods,
      namespaces,
      hasSynced: () => this.hasSynced,
      isStale: () => (this.contactAgeMs ?? 0) > options.maxStalenessMs,
      needsNamespace: () => options.watchNamespaces,
      lookUp: createLiveLookup({
        api: this.#api,
        node,
        decode: (object) => decodePod(object, annotations),
        clock,
        log,
      }),
      clock,
      maxWaitMs: () => options.maxWaitMs,
      maxPauseMs: () => options.maxPauseMs,
    });
  }

  /** Finds the pod behind an address. */
  get identify(): Identify {
    return this.#finder.identify;
  }

  /** Whether a complete list of everything that is watched was applied. */
  get hasSynced(): boolean {
    return this.#podInformer.hasSynced &&
      (this.#namespaceInformer?.hasSynced ?? true);
  }

  /** Time since any of the watches last heard of the API server, in milliseconds; `undefined` before the first time. */
  get contactAgeMs(): number | undefined {
    const informers = [this.#podInformer, this.#namespaceInformer];
    const contacts = informers.map((informer) => informer?.contactAtMs)
      .filter((contact) => contact !== undefined);
    if (contacts.length === 0) return undefined;
    return this.#options.clock.now() - Math.min(...contacts);
  }

  /** Every pod known, in any state, with its namespace's allow-list if that is watched. */
  *callers(): Generator<Caller, void, void> {
    for (const pod of this.#pods.pods()) {
      yield { pod, namespace: this.#namespaces.find(pod.namespace) };
    }
  }

  /** Number of pods known, in any state. */
  get podCount(): number {
    return this.#pods.size;
  }

  /** Number of requests that wait for their pod to become known. */
  get parkedCount(): number {
    return this.#finder.parkedCount;
  }

  /**
   * Tells whether some pod claims an address.
   *
   * @param address Canonical address.
   */
  isClaimed(address: string): boolean {
    return this.#finder.isClaimed(address);
  }

  /**
   * Follows the cluster until the signal fires; never throws.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    const options = { ...this.#options, api: this.#api, signal };
    await Promise.all([
      this.#podInformer.run(options),
      this.#namespaceInformer?.run(options),
    ]);
  }

  /** Closes the connections to the API server. */
  [Symbol.dispose](): void {
    this.#api[Symbol.dispose]();
  }
}
