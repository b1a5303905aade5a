import assert from "node:assert/strict";
import { Tally } from "../../src/telemetry/tally.ts";

Deno.test("Tally counts by all label values, and tells each count once", () => {
  const tally = new Tally<"route" | "reason">(["route", "reason"]);
  const told = (): readonly (readonly [string, string, number])[] =>
    [...tally.take()].map(([{ route, reason }, count]) =>
      [route, reason, count] as const
    );
  assert.deepEqual(told(), []);
  tally.add({ route: "a", reason: "" });
  tally.add({ route: "", reason: "a" });
  tally.add({ reason: "", route: "a" });
  assert.deepEqual(told(), [["a", "", 2], ["", "a", 1]]);
  assert.deepEqual(told(), []);
  tally.add({ route: "", reason: "a" });
  assert.deepEqual(told(), [["", "a", 1]]);
});
