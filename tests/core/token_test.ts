import assert from "node:assert/strict";
import { secondsLeft } from "../../src/core/token.ts";

Deno.test("secondsLeft() rounds down and is never negative", async (t) => {
  const expiresAtMs = 10_000;
  const cases = [
    { nowMs: 0, left: 10 },
    { nowMs: 1, left: 9 },
    { nowMs: 1_000, left: 9 },
    { nowMs: 9_000, left: 1 },
    { nowMs: 9_001, left: 0 },
    { nowMs: 10_000, left: 0 },
    { nowMs: 10_001, left: 0 },
    { nowMs: 1e15, left: 0 },
    { nowMs: -500, left: 10 },
  ];
  for (const { nowMs, left } of cases) {
    await t.step(`at ${nowMs}`, () => {
      const seconds = secondsLeft({ value: "x", expiresAtMs }, nowMs);
      assert.equal(seconds, left);
      assert(!Object.is(seconds, -0));
    });
  }
});
