import assert from "node:assert/strict";
import { judgeClock, skewOf } from "../../../src/cli/doctor/clock_skew.ts";

const AT = Date.parse("2026-01-02T03:04:05Z");
const date = new Date(AT).toUTCString();

Deno.test("skewOf() allows for the cut second and the time on the way", async (t) => {
  const cases = [
    { name: "the same", sent: 500, received: 600, skew: 0 },
    { name: "at the end of the second", sent: 1_000, received: 1_000, skew: 0 },
    { name: "at its begin", sent: -50, received: 0, skew: 0 },
    { name: "slow", sent: -20_000, received: 30_000, skew: 0 },
    { name: "ahead", sent: 4_000, received: 4_100, skew: 3_000 },
    { name: "behind", sent: -4_100, received: -4_000, skew: -4_000 },
  ];
  for (const { name, sent, received, skew } of cases) {
    await t.step(name, () => {
      const reading = { date, sentMs: AT + sent, receivedMs: AT + received };
      assert.equal(skewOf(reading), skew);
    });
  }
  for (const date of [undefined, "", "soon"]) {
    assert.equal(skewOf({ date, sentMs: 0, receivedMs: 0 }), undefined);
  }
});

Deno.test("judgeClock() warns beyond 2 s, and fails beyond 5 min", () => {
  const judge = (ms: number): string => {
    const { status, detail } = judgeClock("X", {
      kind: "got",
      value: { date, sentMs: AT + ms, receivedMs: AT + ms },
    });
    return `${status}: ${detail}`;
  };
  assert.equal(judge(3_000), "ok: within 2 s");
  assert.equal(judge(3_600), "warning: this machine is 3 s ahead");
  assert.equal(judge(-2_000), "ok: within 2 s");
  assert.equal(judge(-2_001), "warning: this machine is 2 s behind");
  assert.equal(judge(301_000), "warning: this machine is 300 s ahead");
  assert.equal(judge(301_001), "failed: this machine is 300 s ahead");
  assert.equal(judge(-300_001), "failed: this machine is 300 s behind");
  const blank = { date: undefined, sentMs: 0, receivedMs: 0 };
  assert.deepEqual(judgeClock("X", { kind: "got", value: blank }), {
    name: "clock by X",
    status: "not-checked",
    detail: "the answer tells no time",
  });
});
