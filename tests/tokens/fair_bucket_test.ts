import assert from "node:assert/strict";
import { FairBucket } from "../../src/tokens/fair_bucket.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

const never = new AbortController().signal;

interface Fixture {
  readonly time: ManualTime;
  /** Who had a turn, in order. */
  readonly turns: string[];
  take(payer: string, signal?: AbortSignal): Promise<void>;
}

function start(perSecond = 10, burst = 2): Fixture {
  const time = new ManualTime();
  const bucket = new FairBucket({ perSecond, burst, clock: clockOf(time) });
  const turns: string[] = [];
  return {
    time,
    turns,
    take: (payer, signal = never) =>
      bucket.take(payer, signal).then(() => void turns.push(payer)),
  };
}

Deno.test("FairBucket.take() gives the burst at once and then the rate", async () => {
  const { take, time, turns } = start();
  const taking = Array.from({ length: 5 }, () => take("a"));
  await time.settle();
  for (const count of [2, 3, 4, 5]) {
    assert.equal(turns.length, count);
    time.advance(99);
    await time.settle();
    assert.equal(turns.length, count);
    time.advance(1);
    await time.settle();
  }
  await Promise.all(taking);
  assert.equal(time.sleeping, 0);
});

Deno.test("FairBucket.take() gives each payer its turn, however many another has waiting", async () => {
  const { take, time, turns } = start(10, 1);
  const taking = [
    ...Array.from({ length: 200 }, () => take("greedy")),
    take("modest"),
    take("other"),
    take("modest"),
  ];
  await time.settle();
  for (let turn = 0; turn < 6; turn += 1) {
    time.advance(100);
    await time.settle();
  }
  assert.deepEqual(turns, [
    "greedy",
    "greedy",
    "modest",
    "other",
    "greedy",
    "modest",
    "greedy",
  ]);
  time.advance(100_000);
  for (let turn = 0; turn < 200; turn += 1) {
    time.advance(100);
    await time.settle();
  }
  await Promise.all(taking);
});

Deno.test("FairBucket.take() lets a payer leave the queue, and the timer with the last", async () => {
  const { take, time, turns } = start(10, 1);
  await take("a");
  const leaving = new AbortController();
  const left = take("b", leaving.signal);
  const staying = take("c");
  leaving.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  time.advance(100);
  await staying;
  assert.deepEqual(turns, ["a", "c"]);
  const last = take("d", leaving.signal);
  await assert.rejects(last, /gone/);
  const waiting = new AbortController();
  const alone = take("e", waiting.signal);
  assert.equal(time.sleeping, 1);
  waiting.abort(new Error("gone too"));
  await assert.rejects(alone, /gone too/);
  assert.equal(time.sleeping, 0);
});

Deno.test("FairBucket.take() bounds who waits, for each payer and in all", async () => {
  const { take, time } = start(1, 1);
  const ending = new AbortController();
  const failures: unknown[] = [];
  const enter = (payer: string): void => {
    take(payer, ending.signal).catch((error) => failures.push(error));
  };
  enter("first");
  for (let index = 0; index < 256; index += 1) enter("a");
  await assert.rejects(take("a"), { failure: "overload" });
  for (let index = 0; index < 768; index += 1) enter(`pod-${index}`);
  await assert.rejects(take("new"), { failure: "overload" });
  ending.abort(new Error("over"));
  await time.settle();
  assert.equal(failures.length, 1_024);
});
