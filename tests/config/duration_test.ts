import assert from "node:assert/strict";
import { formatDuration, parseDuration } from "../../src/config/duration.ts";

Deno.test("parseDuration() reads sums of amounts with units", () => {
  const cases: readonly [string, number][] = [
    ["0", 0],
    ["500ms", 500],
    ["2s", 2_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["0.0004s", 0],
    ["1h0m1s1ms", 3_601_001],
    ["30s1m", 90_000],
  ];
  for (const [text, value] of cases) assert.equal(parseDuration(text), value);
});

Deno.test("parseDuration() refuses everything else", () => {
  const texts = ["", "1", "s", "1 s", "-1s", "1d", ".5s", "1.s", "1S", "1e3s"];
  for (const text of texts) assert.equal(parseDuration(text), undefined, text);
});

Deno.test("parseDuration() takes linear time on hostile text", () => {
  assert.equal(parseDuration(`${"1s".repeat(20_000)}x`), undefined);
});

Deno.test("formatDuration() writes what parseDuration() reads", () => {
  assert.equal(formatDuration(0), "0");
  assert.equal(formatDuration(5_400_000), "1h30m");
  assert.equal(formatDuration(90_001), "1m30s1ms");
  for (const value of [1, 999, 60_000, 43_200_000, 86_399_999]) {
    assert.equal(parseDuration(formatDuration(value)), value);
  }
});
