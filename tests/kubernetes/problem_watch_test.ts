import assert from "node:assert/strict";
import type { Caller } from "../../src/core/caller.ts";
import { describeIamRefusal } from "../../src/core/pod_problem.ts";
import { ProblemWatch } from "../../src/kubernetes/problem_watch.ts";
import { createPod } from "../core/pods.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

const PROBLEM = describeIamRefusal("app@demo-proj.iam.gserviceaccount.com");

class Setup implements AsyncDisposable {
  readonly time = new ManualTime();
  readonly told: string[] = [];
  readonly watch: ProblemWatch;
  pods: readonly Caller[] = [];
  looks = 0;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    this.watch = new ProblemWatch({
      callers: () => {
        this.looks++;
        return this.pods;
      },
      find: ({ pod }) => pod.name.startsWith("bad") ? PROBLEM : undefined,
      onProblem: ({ name }, problem) => {
        assert.equal(problem, PROBLEM);
        this.told.push(name);
      },
      clock: clockOf(this.time),
    });
    this.#running = this.watch.run(this.#ending.signal);
  }

  async advance(ms: number): Promise<void> {
    await this.time.asleep(1);
    this.time.advance(ms);
    await this.time.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

function callers(...names: readonly string[]): readonly Caller[] {
  return names.map((name) => ({
    pod: createPod({ name }),
    namespace: undefined,
  }));
}

Deno.test("ProblemWatch looks once after a burst of changes", async () => {
  await using setup = new Setup();
  setup.pods = callers("good", "bad-1", "bad-2");
  await setup.time.asleep(1);
  for (let change = 0; change < 100; change++) setup.watch.changed();
  await setup.time.settle();
  assert.equal(setup.looks, 0);
  await setup.advance(1_000);
  assert.equal(setup.looks, 1);
  assert.deepEqual(setup.told, ["bad-1", "bad-2"]);
});

Deno.test("ProblemWatch does not miss a change during its pause", async () => {
  await using setup = new Setup();
  await setup.time.asleep(1);
  setup.watch.changed();
  await setup.time.settle();
  setup.pods = callers("bad");
  setup.watch.changed();
  await setup.advance(1_000);
  assert.deepEqual(setup.told, ["bad"]);
  setup.pods = callers("bad-again");
  setup.watch.changed();
  await setup.time.settle();
  await setup.advance(1_000);
  assert.deepEqual(setup.told, ["bad", "bad-again"]);
});

Deno.test("ProblemWatch tells now and then what lasts", async () => {
  await using setup = new Setup();
  setup.pods = callers("bad");
  await setup.advance(600_000);
  await setup.advance(1_000);
  await setup.advance(600_000);
  await setup.advance(1_000);
  assert.deepEqual(setup.told, ["bad", "bad"]);
});
