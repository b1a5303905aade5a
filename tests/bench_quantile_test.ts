import assert from "node:assert/strict";
import { quantile } from "./bench/quantile.ts";

Deno.test("quantile: the nearest rank", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(quantile(values, 0.5), 100);
  assert.equal(quantile(values, 0.99), 198);
  assert.equal(quantile(values, 1), 200);
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile([3, 40, 5], 0.99), 40);
  assert.equal(quantile([], 0.5), NaN);
});
