import assert from "node:assert/strict";
import { WaitLimit } from "../../src/metadata/wait_limit.ts";

Deno.test("WaitLimit bounds the waits of one address and of all", () => {
  const limit = new WaitLimit();
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
