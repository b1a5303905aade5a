import assert from "node:assert/strict";
import { fitLine } from "./line_fit.ts";

Deno.test("line fit: a line is found as it is, without error", () => {
  const points = [1, 2, 3, 6].map((x) => ({ x, y: 10 - 2 * x }));
  const { slope, slopeError } = fitLine(points);
  assert.ok(Math.abs(slope + 2) < 1e-12);
  assert.ok(slopeError < 1e-12);
});

Deno.test("line fit: scatter is told by the standard error", () => {
  // By hand: slope 0.8, sum of squared residues 3.6, 5 points, spread of x 10.
  const points = [1, 3, 2, 5, 4].map((y, index) => ({ x: index, y }));
  const { slope, slopeError } = fitLine(points);
  assert.ok(Math.abs(slope - 0.8) < 1e-12);
  assert.ok(Math.abs(slopeError - Math.sqrt(3.6 / 3 / 10)) < 1e-12);
});

Deno.test("line fit: two points do not tell how sure their line is", () => {
  assert.deepEqual(fitLine([{ x: 0, y: 0 }, { x: 1, y: 1 }]), {
    slope: NaN,
    slopeError: NaN,
  });
});
