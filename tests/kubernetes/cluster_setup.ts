import { Metrics } from "../../src/telemetry/metrics.ts";
import assert from "node:assert/strict";
import { Cluster } from "../../src/kubernetes/cluster.ts";
import type { ClusterSettings } from "../../src/kubernetes/cluster_view.ts";
import type { Connection } from "../../src/kubernetes/connection.ts";
import { connectToServer } from "../../src/kubernetes/server_connection.ts";
import { Journal } from "../../src/sandbox/journal.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { namespaceObject } from "../../src/sandbox/kubernetes/objects.ts";
import { ANNOTATIONS, assignedPod, NODE } from "./api_setup.ts";
import { SwiftTime } from "./swift_time.ts";

/** Address that is asked for unless another is named. */
export const ADDRESS = "10.0.0.1";
export const STALENESS_MS: number = 15 * 60_000;

function connectTo(url: string): Connection {
  return connectToServer({ url, insecure: false });
}

/** A cluster that runs; retries take no time unless held, all else waits for the clock. */
export class ClusterSetup implements AsyncDisposable {
  readonly time: SwiftTime = new SwiftTime(1);
  readonly logged: Journal<string> = new Journal<string>();
  readonly metrics: Metrics = new Metrics("1");
  readonly cluster: Cluster;
  changes = 0;
  /** Called whenever a watch is opened again or a pause begins. */
  onTurn: () => void = () => {};
  readonly #ending = new AbortController();
  #fences = 0;

  constructor(
    url: string,
    options: {
      readonly node?: string;
      readonly namespaces?: ClusterSettings["namespaces"];
      /** How to reach the server, if not by its URL alone. */
      readonly connection?: Connection;
    } = {},
  ) {
    const { node = NODE, namespaces = "ignored" } = options;
    const { connection = connectTo(url) } = options;
    this.cluster = new Cluster({
      connection,
      userAgent: "assigner-test/1",
      node,
      settings: { annotations: ANNOTATIONS, namespaces },
      patience: () => ({
        maxWaitMs: 2_000,
        maxPauseMs: 1_000,
        maxStalenessMs: STALENESS_MS,
      }),
      metrics: this.metrics,
      clock: this.time.clock,
      random: () => {
        this.onTurn();
        return 0;
      },
      log: (_, message) => this.logged.add(message),
      onChange: () => this.changes += 1,
    });
    this.cluster.start();
  }

  /** Waits for the first list and the watch after it. */
  async ready(api: KubernetesApi): Promise<void> {
    await api.watching("pods", 1);
    assert(this.cluster.hasSynced);
  }

  /** Waits until the watches have brought everything that was changed before. */
  async settle(api: KubernetesApi): Promise<void> {
    const number = ++this.#fences;
    const name = `fence-${number}`;
    const podIP = `10.1.0.${number}`;
    const passed = this.ask(podIP);
    api.cluster.create(namespaceObject({ name }));
    api.cluster.create(assignedPod({ name, podIP, namespace: name }));
    assert.equal(await passed, `${name} `);
  }

  /** `NAME ACCOUNT` of the pod, or the reason of the refusal. */
  async ask(
    address: string = ADDRESS,
    signal: AbortSignal = this.#ending.signal,
  ): Promise<string> {
    const answer = await this.cluster.identify(address, signal);
    if (answer.kind === "refused") return answer.reason;
    const { name, accountAnnotation = "" } = answer.caller.pod;
    return `${name} ${accountAnnotation}`;
  }

  /** As {@linkcode ask}, without waiting for what is not known. */
  askNow(address: string = ADDRESS): Promise<string> {
    return this.ask(address, AbortSignal.abort());
  }

  async allowListKind(): Promise<string | undefined> {
    const answer = await this.cluster.identify(ADDRESS, this.#ending.signal);
    assert(answer.kind === "found");
    return answer.caller.namespace?.kind;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.cluster[Symbol.asyncDispose]();
    assert.equal(this.time.manual.sleeping, 0, "a timer is left");
  }
}
