import assert from "node:assert/strict";
import { Tally } from "../../src/telemetry/tally.ts";

Deno.test("Tally counts by all label values, and tells each reader each count once", () => {
  const tally = new Tally<"route" | "reason">(["route", "reason"]);
  const readers = [tally.createReader(), tally.createReader()];
  const told = (
    index: number,
  ): readonly (readonly [string, string, number])[] =>
    [...readers[index]?.() ?? []].map(([{ route, reason }, count]) =>
      [route, reason, count] as const
    );
  assert.deepEqual(told(0), []);
  tally.add({ route: "a", reason: "" });
  tally.add({ route: "", reason: "a" });
  tally.add({ reason: "", route: "a" });
  assert.deepEqual(told(0), [["a", "", 2], ["", "a", 1]]);
  assert.deepEqual(told(0), []);
  tally.add({ route: "", reason: "a" });
  assert.deepEqual(told(0), [["", "a", 1]]);
  assert.deepEqual(told(1), [["a", "", 2], ["", "a", 2]]);
});
