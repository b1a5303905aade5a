import assert from "node:assert/strict";
import type { Pod } from "../../src/core/pod.ts";
import { PodIndex } from "../../src/core/pod_index.ts";
import type { ApiClient } from "../../src/kubernetes/api_client.ts";
import { decodePod } from "../../src/kubernetes/decode.ts";
import { Informer } from "../../src/kubernetes/informer.ts";
import { Journal } from "../../src/sandbox/journal.ts";
import { startKubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import {
  ANNOTATIONS,
  assignedPod,
  createApiClient,
  LogLines,
} from "./api_setup.ts";
import { SwiftTime } from "./swift_time.ts";

const CART = { resource: "pods", namespace: "default", name: "cart" } as const;
const ADDRESS = "10.0.0.1";

Deno.test("Informer.hasSynced only after a list was applied", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart", podIP: ADDRESS })],
  });
  api.faults.failNext(1, { status: 500 });
  api.faults.cutNextList();
  await using running = new RunningInformer(api.url, { pauses: "held" });
  assert(!running.informer.hasSynced);
  assert.equal(running.informer.contactAtMs, undefined);
  await running.time.paused(1);
  assert(!running.informer.hasSynced);
  running.release();
  await running.changes.reached(1);
  assert(running.informer.hasSynced);
  assert.equal(running.pods.find(ADDRESS).kind, "found");
  assert.equal(api.counts.get("list pods"), 3);
});

Deno.test("Informer.run() syncs with an empty list", async () => {
  await using api = await startKubernetesApi();
  await using running = new RunningInformer(api.url);
  await running.changes.reached(1);
  assert(running.informer.hasSynced);
  assert.equal(running.pods.size, 0);
});

Deno.test("Informer.run() keeps its store true, and tells of each change", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart", podIP: ADDRESS, account: "a" })],
  });
  await using running = new RunningInformer(api.url);
  await running.changes.reached(1);
  await api.watching("pods", 1);
  api.cluster.patch(CART, {
    metadata: { annotations: { [ANNOTATIONS.serviceAccount]: "b" } },
  });
  await running.changes.reached(2);
  api.cluster.remove(CART);
  await running.changes.reached(3);
  assert.deepEqual(running.changes.entries, ["a", "b", "unknown"]);
});

Deno.test("Informer.run() drops by a new list what is gone", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart", podIP: ADDRESS, account: "a" })],
  });
  await using running = new RunningInformer(api.url, { pauses: "held" });
  await api.watching("pods", 1);
  api.faults.endWatches();
  await running.time.paused(1);
  api.cluster.remove(CART);
  api.cluster.create(
    assignedPod({ name: "pay", podIP: ADDRESS, account: "b" }),
  );
  api.faults.compactHistory();
  running.release();
  await running.changes.reached(2);
  assert.deepEqual(running.changes.entries, ["a", "b"]);
  assert.equal(running.pods.size, 1);
});

Deno.test("Informer.contactAtMs moves with each word, not with silence or failures", async () => {
  await using api = await startKubernetesApi();
  await using running = new RunningInformer(api.url);
  const { informer, time: { manual } } = running;
  await api.watching("pods", 1);
  const begun = manual.now();
  assert.equal(informer.contactAtMs, begun);
  manual.advance(60_000);
  assert.equal(informer.contactAtMs, begun);
  api.cluster.create(assignedPod({ name: "cart", podIP: ADDRESS }));
  await running.changes.reached(2);
  assert.equal(informer.contactAtMs, begun + 60_000);
  manual.advance(60_000);
  api.faults.failNext(3, { status: 500 });
  api.faults.resetConnections();
  await running.time.paused(3);
  assert.equal(informer.contactAtMs, begun + 60_000);
  assert(informer.hasSynced);
});

type Pauses = "none" | "held";

class RunningInformer implements AsyncDisposable {
  readonly time = new SwiftTime();
  readonly pods = new PodIndex();
  /** Account of the pod with the address after each change. */
  readonly changes = new Journal<string>();
  readonly informer: Informer<Pod>;
  readonly release: () => void;
  readonly #client: ApiClient;
  readonly #ending = new AbortController();
  readonly #run: Promise<void>;

  constructor(
    url: string,
    { pauses }: { pauses: Pauses } = { pauses: "none" },
  ) {
    const { clock } = this.time;
    this.release = pauses === "held" ? this.time.hold() : (): void => {};
    this.#client = createApiClient(url, { clock });
    this.informer = new Informer({
      path: "/api/v1/pods",
      decode: (object) => decodePod(object, ANNOTATIONS),
    }, {
      store: this.pods,
      onChange: () => {
        const found = this.pods.find(ADDRESS);
        this.changes.add(
          found.kind === "found"
            ? found.pod.accountAnnotation ?? ""
            : found.kind,
        );
      },
    });
    this.#run = this.informer.run({
      api: this.#client,
      clock,
      random: () => 0.5,
      log: new LogLines().log,
      signal: this.#ending.signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.release();
    await this.#run;
    assert.equal(this.time.manual.sleeping, 0, "a timer is left");
    this.#client[Symbol.dispose]();
  }
}
