import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import type { PodProblem } from "../../src/core/pod_problem.ts";
import type { ApiClient } from "../../src/kubernetes/api_client.ts";
import { EventRecorder } from "../../src/kubernetes/event_recorder.ts";
import { DAEMON_RULES } from "../../src/sandbox/daemon_access.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import { textAt, valueAt } from "../../src/sandbox/kubernetes/json.ts";
import { createPod } from "../core/pods.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { createApiClient, LogLines } from "./api_setup.ts";
import { SwiftTime } from "./swift_time.ts";

const TOKEN = "recorder-token";
const HOUR = 3_600_000;
const POD = createPod({ name: "cart-0", uid: "uid-1" });
const PROBLEM: PodProblem = {
  event: "ServiceAccountDenied",
  reason: "namespace-denied",
  account: "app@demo-proj.iam.gserviceaccount.com",
  note: "No pattern matches",
};

/** A recorder that runs against the emulated API server, at a time that the test moves. */
class Setup implements AsyncDisposable {
  readonly time: ManualTime;
  readonly api: KubernetesApi;
  readonly log = new LogLines();
  readonly outcomes: string[] = [];
  readonly recorder: EventRecorder;
  isOn = true;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  readonly #client: ApiClient;

  private constructor(
    time: ManualTime,
    { api, clock }: { readonly api: KubernetesApi; readonly clock: Clock },
  ) {
    this.time = time;
    this.api = api;
    this.#client = createApiClient(api.url, { clock, token: TOKEN });
    this.recorder = new EventRecorder({
      api: this.#client,
      node: "node-1",
      isOn: () => this.isOn,
      clock,
      log: this.log.log,
      onOutcome: (outcome) => this.outcomes.push(outcome),
    });
    this.#running = this.recorder.run(this.#ending.signal);
  }

  static async create(
    time = new ManualTime(),
    clock = clockOf(time),
  ): Promise<Setup> {
    const api = await startKubernetesApi({
      now: time.now,
      tokens: [{ token: TOKEN, rules: DAEMON_RULES }],
    });
    return new Setup(time, { api, clock });
  }

  /** Waits until so many requests have been answered, and nothing is left to do. */
  async written(count: number): Promise<void> {
    while (this.outcomes.length < count) {
      await setImmediate();
    }
    await this.time.asleep(1);
  }

  get events(): readonly { readonly [key: string]: unknown }[] {
    return this.api.cluster.list("events");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#client[Symbol.dispose]();
    await this.api.stop();
  }
}

Deno.test("EventRecorder writes what kubectl describe shows", async () => {
  await using setup = await Setup.create();
  setup.recorder.note(POD, PROBLEM);
  await setup.written(1);
  const [event] = setup.api.cluster.list("events");
  assert.ok(event);
  const { metadata, ...rest } = event;
  assert.match(metadata.name, /^cart-0\.[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    eventTime: "2026-01-02T03:04:05.000000Z",
    reportingController: "accounts.google.com/k8s-gke-service-account-assigner",
    reportingInstance: "node-1",
    action: "AssignAccount",
    reason: "ServiceAccountDenied",
    type: "Warning",
    regarding: {
      apiVersion: "v1",
      kind: "Pod",
      namespace: "default",
      name: "cart-0",
      uid: "uid-1",
    },
    note: "No pattern matches",
  });
  assert.deepEqual(setup.outcomes, ["created"]);
});

Deno.test("EventRecorder tells a cause once an hour, and how often it came up", async () => {
  await using setup = await Setup.create();
  for (let times = 0; times < 5; times++) setup.recorder.note(POD, PROBLEM);
  await setup.written(1);
  setup.time.advance(HOUR - 1);
  setup.recorder.note(POD, PROBLEM);
  setup.recorder.keep(POD, PROBLEM);
  assert.equal(setup.api.counts.get("create events"), 1);
  setup.time.advance(1);
  setup.recorder.keep(POD, PROBLEM);
  await setup.written(2);
  assert.equal(setup.events.length, 1);
  const [event] = setup.api.cluster.list("events");
  assert.deepEqual(valueAt(event ?? {}, "series"), {
    count: 7,
    lastObservedTime: "2026-01-02T04:04:05.000000Z",
  });
  assert.deepEqual(setup.outcomes, ["created", "updated"]);
});

Deno.test("EventRecorder writes an Event anew that the API server has dropped", async () => {
  await using setup = await Setup.create();
  setup.recorder.note(POD, PROBLEM);
  await setup.written(1);
  const [event] = setup.api.cluster.list("events");
  const name = textAt(event ?? {}, "metadata.name");
  setup.api.cluster.remove({ resource: "events", namespace: "default", name });
  setup.time.advance(HOUR);
  setup.recorder.note(POD, PROBLEM);
  await setup.written(2);
  assert.equal(setup.events.length, 1);
  assert.deepEqual(setup.outcomes, ["created", "created"]);
});

Deno.test("EventRecorder does not repeat what an earlier process has written", async () => {
  await using setup = await Setup.create();
  setup.recorder.note(POD, PROBLEM);
  await setup.written(1);
  const clock = clockOf(setup.time);
  const outcomes: string[] = [];
  using api = createApiClient(setup.api.url, { clock, token: TOKEN });
  const next = new EventRecorder({
    api,
    node: "node-1",
    isOn: () => true,
    clock,
    log: setup.log.log,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const ending = new AbortController();
  const running = next.run(ending.signal);
  next.note(POD, PROBLEM);
  while (outcomes.length === 0) {
    await setImmediate();
  }
  assert.deepEqual(outcomes, ["known"]);
  assert.equal(setup.events.length, 1);
  ending.abort();
  await running;
});

Deno.test("EventRecorder tells other causes and other pods apart", async () => {
  await using setup = await Setup.create();
  const other = createPod({ name: "cart-0", uid: "uid-2" });
  setup.recorder.note(POD, PROBLEM);
  setup.recorder.note(other, PROBLEM);
  setup.recorder.note(POD, { ...PROBLEM, account: "other@x.y" });
  setup.recorder.note(POD, { ...PROBLEM, reason: "namespace-list-malformed" });
  await setup.written(4);
  assert.equal(setup.events.length, 4);
});

Deno.test("EventRecorder writes twenty at once, and then one a second", async () => {
  await using setup = await Setup.create();
  for (let index = 0; index < 30; index++) {
    setup.recorder.note(createPod({ uid: `uid-${index}` }), PROBLEM);
  }
  await setup.written(20);
  assert.equal(setup.events.length, 20);
  for (let second = 1; second <= 3; second++) {
    setup.time.advance(1_000);
    await setup.written(20 + second);
    assert.equal(setup.events.length, 20 + second);
  }
});

Deno.test("EventRecorder drops what is too much, and takes it later", async () => {
  await using setup = await Setup.create();
  for (let index = 0; index < 300; index++) {
    setup.recorder.note(createPod({ uid: `uid-${index}` }), PROBLEM);
  }
  assert.equal(setup.outcomes.filter((each) => each === "dropped").length, 100);
});

Deno.test("EventRecorder tries thrice, and takes the cause again later", async () => {
  const time = new SwiftTime();
  await using setup = await Setup.create(time.manual, time.clock);
  setup.api.faults.failNext(3, { status: 503 });
  setup.recorder.note(POD, PROBLEM);
  await setup.written(1);
  assert.deepEqual(setup.outcomes, ["failed"]);
  assert.deepEqual(time.pauses, [5_000, 10_000]);
  setup.recorder.note(POD, PROBLEM);
  await setup.written(2);
  assert.deepEqual(setup.outcomes, ["failed", "created"]);
});

Deno.test("EventRecorder leaves the API server alone for a while that forbids Events", async () => {
  await using setup = await Setup.create();
  setup.api.acceptTokens([{ token: TOKEN, user: "nobody", rules: [] }]);
  setup.recorder.note(POD, PROBLEM);
  setup.recorder.note(createPod({ uid: "uid-2" }), PROBLEM);
  await setup.written(1);
  setup.recorder.note(createPod({ uid: "uid-3" }), PROBLEM);
  assert.equal(setup.api.counts.get("create events"), 1);
  assert.match(
    setup.log.lines.join(),
    /warn Events cannot be written; see kubernetes\.events .*events is forbidden: User \\"nobody\\" cannot create resource \\"events\\" in API group \\"events\.k8s\.io\\"/,
  );
  setup.api.acceptTokens([{ token: TOKEN, rules: DAEMON_RULES }]);
  setup.time.advance(600_000);
  setup.recorder.note(POD, PROBLEM);
  await setup.written(2);
  assert.deepEqual(setup.outcomes, ["failed", "created"]);
});

Deno.test("EventRecorder writes nothing where Events are off", async () => {
  await using setup = await Setup.create();
  setup.isOn = false;
  setup.recorder.note(POD, PROBLEM);
  setup.isOn = true;
  setup.recorder.note(createPod({ uid: "uid-2" }), PROBLEM);
  await setup.written(1);
  assert.equal(setup.events.length, 1);
});

Deno.test("EventRecorder cuts what would be too long", async () => {
  await using setup = await Setup.create();
  const name = `${"a".repeat(236)}.${"b".repeat(16)}`;
  setup.recorder.note(createPod({ name }), {
    ...PROBLEM,
    note: "ü".repeat(1_000),
  });
  await setup.written(1);
  const [event] = setup.api.cluster.list("events");
  assert.equal(event?.metadata.name.length, 253);
  assert.match(textAt(event ?? {}, "note"), /^ü{508,511}…$/);
});
