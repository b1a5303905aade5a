import assert from "node:assert/strict";
import { MintError } from "../../src/core/mint.ts";
import { MAX_PAUSE_MS, pauseAfter } from "../../src/tokens/renewal_pause.ts";

Deno.test("pauseAfter() is short for what passes, and longer each time", async (t) => {
  const passing = new MintError("iam-unavailable", "x");
  const refused = new MintError("iam-denied", "x");
  const wished = (retryAfterMs: number): MintError =>
    new MintError("iam-unavailable", "x", { retryAfterMs });
  const cases = [
    { name: "once", error: passing, count: 1, jitter: 0, ms: 5_000 },
    {
      name: "once, with jitter",
      error: passing,
      count: 1,
      jitter: 1,
      ms: 2_500,
    },
    { name: "twice", error: passing, count: 2, jitter: 0, ms: 10_000 },
    { name: "for long", error: passing, count: 20, jitter: 0, ms: 30_000 },
    {
      name: "our own queue is full",
      error: new MintError("overload", "x"),
      count: 20,
      jitter: 0,
      ms: 30_000,
    },
    { name: "refused", error: refused, count: 1, jitter: 0, ms: 30_000 },
    {
      name: "refused for long",
      error: refused,
      count: 20,
      jitter: 0,
      ms: MAX_PAUSE_MS,
    },
    { name: "of another kind", error: "?", count: 1, jitter: 0, ms: 30_000 },
    { name: "a wish", error: wished(20_000), count: 1, jitter: 0, ms: 20_000 },
    {
      name: "an immodest wish",
      error: wished(86_400_000),
      count: 1,
      jitter: 0,
      ms: 60_000,
    },
  ];
  for (const { name, error, count, jitter, ms } of cases) {
    await t.step(name, () => {
      assert.equal(pauseAfter(error, { count, jitter }), ms);
    });
  }
});
