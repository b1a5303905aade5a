import assert from "node:assert/strict";
import fc from "fast-check";
import { beginLife, phaseOf, tokenAt } from "../../src/core/token_life.ts";

const HOUR = 3_600_000;

function phaseWith(leftMs: number, lifetimeMs = HOUR, jitter = 0): string {
  const token = { value: "x", expiresAtMs: lifetimeMs };
  return phaseOf(beginLife(token, 0, jitter), lifetimeMs - leftMs);
}

Deno.test("phaseOf() tells where a token stands", async (t) => {
  const cases = [
    { leftMs: HOUR, phase: "fresh" },
    { leftMs: 600_001, phase: "fresh" },
    { leftMs: 600_000, phase: "due" },
    { leftMs: 300_000, phase: "due" },
    { leftMs: 299_999, phase: "ending" },
    { leftMs: 1_000, phase: "ending" },
    { leftMs: 999, phase: "over" },
    { leftMs: -HOUR, phase: "over" },
    { leftMs: HOUR + 2_000, phase: "fresh", name: "the clock was set right" },
    { leftMs: HOUR + 2_001, phase: "ending", name: "the clock fell back" },
    { leftMs: 660_000, jitter: 0.999, phase: "fresh" },
    { leftMs: 659_000, jitter: 0.999, phase: "due" },
    { leftMs: 450_001, lifetimeMs: 900_000, phase: "fresh" },
    { leftMs: 450_000, lifetimeMs: 900_000, phase: "due" },
    { leftMs: 300_000, lifetimeMs: 900_000, phase: "due" },
    { leftMs: 150_000, lifetimeMs: 300_000, phase: "due" },
    { leftMs: 99_999, lifetimeMs: 300_000, phase: "ending" },
  ];
  for (const { leftMs, lifetimeMs, jitter, phase, name } of cases) {
    await t.step(name ?? `${leftMs} ms of ${lifetimeMs ?? HOUR}`, () => {
      assert.equal(phaseWith(leftMs, lifetimeMs, jitter), phase);
    });
  }
});

Deno.test("phaseOf() goes through the phases in order, whatever the lifetime", () => {
  const order = ["fresh", "due", "ending", "over"];
  fc.assert(fc.property(
    fc.integer({ min: 10_000, max: 12 * HOUR }),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    (lifetimeMs, jitter) => {
      const phases = Array.from(
        { length: 101 },
        (_, part) =>
          phaseWith(lifetimeMs * (1 - part / 100), lifetimeMs, jitter),
      );
      const ranks = phases.map((phase) => order.indexOf(phase));
      assert.deepEqual(ranks, ranks.toSorted((one, other) => one - other));
      assert.equal(phases.at(0), "fresh");
      assert.equal(phases.at(-1), "over");
      assert.ok(phases.includes("due"));
    },
  ));
});

Deno.test("tokenAt() never tells of more time than there was", () => {
  const token = { value: "x", expiresAtMs: HOUR };
  const life = beginLife(token, 0, 0);
  const toldAt = (nowMs: number): number => tokenAt(life, nowMs).expiresAtMs;
  assert.deepEqual(tokenAt(life, 0), token);
  assert.equal(toldAt(HOUR), HOUR);
  assert.equal(toldAt(-1_000), HOUR - 1_000);
  assert.equal(toldAt(-HOUR), 300_000 - HOUR);
});
