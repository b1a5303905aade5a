import assert from "node:assert/strict";
import { FaultPlan } from "../../src/sandbox/fault_plan.ts";
import { ManualTime } from "./manual_time.ts";

const here = new AbortController().signal;

Deno.test("meet() uses faults up in the order they were added, each as often as told", async () => {
  const plan = new FaultPlan<string>(new ManualTime().sleep);
  plan.add({ kind: "status", status: 500 }, { times: 2 });
  plan.add({ kind: "reset" }, { times: 1 });
  assert.deepEqual(await plan.meet("a", here), { kind: "status", status: 500 });
  assert.deepEqual(await plan.meet("a", here), { kind: "status", status: 500 });
  assert.deepEqual(await plan.meet("a", here), { kind: "reset" });
  assert.equal(await plan.meet("a", here), undefined);
});

Deno.test("meet() counts only the requests that a fault is for", async () => {
  const plan = new FaultPlan<string>(new ManualTime().sleep);
  plan.add({ kind: "cut" }, { times: 1, where: (subject) => subject === "b" });
  assert.equal(await plan.meet("a", here), undefined);
  assert.deepEqual(await plan.meet("b", here), { kind: "cut" });
  assert.equal(await plan.meet("b", here), undefined);
});

Deno.test("add() returns how to take the fault back, and clear() takes all back", async () => {
  const plan = new FaultPlan<string>(new ManualTime().sleep);
  const remove = plan.add({ kind: "reset" });
  remove();
  assert.equal(await plan.meet("a", here), undefined);
  plan.add({ kind: "reset" });
  plan.clear();
  assert.equal(await plan.meet("a", here), undefined);
});

Deno.test("meet() waits out a delay and a hold before the answer's fault", async () => {
  const time = new ManualTime();
  const plan = new FaultPlan<string>(time.sleep);
  plan.add({ kind: "delay", ms: 10 });
  plan.add({ kind: "garbage" });
  const release = plan.hold();
  const met = plan.meet("a", here);
  await time.asleep(1);
  time.advance(10);
  release();
  assert.deepEqual(await met, { kind: "garbage" });
});

Deno.test("meet() stops waiting when the client is gone", async () => {
  const time = new ManualTime();
  const plan = new FaultPlan<string>(time.sleep);
  plan.hold();
  plan.add({ kind: "delay", ms: 10 });
  const gone = new AbortController();
  const met = plan.meet("a", gone.signal);
  gone.abort();
  assert.equal(await met, undefined);
  assert.equal(time.sleeping, 0);
});

Deno.test("meet() passes on a sleep that fails while the client waits", async () => {
  const plan = new FaultPlan<string>(() =>
    Promise.reject(new Error("broken sleep"))
  );
  plan.add({ kind: "delay", ms: 10 });
  await assert.rejects(plan.meet("a", here), /broken sleep/);
});
