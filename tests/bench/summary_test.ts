import assert from "node:assert/strict";
import type { Target } from "./scenario.ts";
import { summarize } from "./summary.ts";

const what = "x";

Deno.test("summary: median of an odd and an even number of rounds, least and most", () => {
  assert.deepEqual(summarize({ what, values: [30, 1, 2] }), {
    median: 2,
    min: 1,
    max: 30,
    met: undefined,
  });
  assert.equal(summarize({ what, values: [4, 1, 2, 30] }).median, 3);
});

Deno.test("summary: the median keeps a target, the bound included", () => {
  const isMet = (value: number, target: Target): boolean | undefined =>
    summarize({ what, values: [0, value, 1_000], target }).met;
  assert.deepEqual(
    [0.79, 0.8, 0.81].map((value) => isMet(value, { least: 0.8 })),
    [false, true, true],
  );
  assert.deepEqual(
    [1.49, 1.5, 1.51].map((value) => isMet(value, { most: 1.5 })),
    [true, true, false],
  );
});

Deno.test("summary: what is no number is no figure", () => {
  assert.throws(() => summarize({ what, values: [] }), /^Error: x: \[\]/);
  assert.throws(() => summarize({ what, values: [1, NaN] }), /not all numbers/);
});
