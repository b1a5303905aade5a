import assert from "node:assert/strict";
import { Latencies } from "./latencies.ts";

Deno.test("latencies: the times that shares of the answers took at most", () => {
  const latencies = new Latencies();
  // Not sorted as text, in which 100 comes before 2.
  for (let ms = 100; ms >= 1; ms -= 1) latencies.add(ms);
  assert.deepEqual(latencies.percentiles([0.5, 0.99, 1, 0]), [50, 99, 100, 1]);
  assert.equal(latencies.count, 100);
  assert.deepEqual(new Latencies().percentiles([0.5]), [NaN]);
});
