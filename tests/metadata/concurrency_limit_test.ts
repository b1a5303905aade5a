import assert from "node:assert/strict";
import { ConcurrencyLimit } from "../../src/metadata/concurrency_limit.ts";

Deno.test("ConcurrencyLimit bounds what one address does and what all do", () => {
  const limit = new ConcurrencyLimit({ total: 64, perAddress: 8 });
  const taken = (address: string, times: number): number =>
    Array.from({ length: times }, () => limit.enter(address)).filter(Boolean)
      .length;
  assert.equal(taken("10.0.0.1", 20), 8);
  for (let pod = 2; pod <= 8; pod += 1) {
    assert.equal(taken(`10.0.0.${pod}`, 8), 8);
  }
  assert.equal(taken("10.0.0.9", 1), 0);
  limit.leave("10.0.0.1");
  assert.equal(taken("10.0.0.9", 2), 1);
  limit.leave("10.0.0.9");
  assert.equal(taken("10.0.0.1", 2), 1);
});

Deno.test("ConcurrencyLimit counts on, however many callers there were", () => {
  const limit = new ConcurrencyLimit({ total: 10_000, perAddress: 1 });
  limit.enter("busy");
  for (let caller = 0; caller < 5_000; caller += 1) {
    limit.enter(`${caller}`);
    limit.leave(`${caller}`);
  }
  assert.equal(limit.total, 1);
  assert.ok(!limit.enter("busy"));
  limit.leave("busy");
  assert.ok(limit.enter("busy"));
});
