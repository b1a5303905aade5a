import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "../../src/core/token_bucket.ts";

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (taken < 1_000 && bucket.take(nowMs)) taken += 1;
  return taken;
}

Deno.test("TokenBucket.take() gives the burst at once and then the rate", () => {
  const bucket = new TokenBucket(2, 5);
  assert.equal(takeAll(bucket, 1_000), 5);
  assert.equal(takeAll(bucket, 1_000), 0);
  assert.equal(takeAll(bucket, 1_499), 0);
  assert.equal(takeAll(bucket, 1_500), 1);
  assert.equal(takeAll(bucket, 2_500), 2);
  assert.equal(takeAll(bucket, 1_000_000), 5);
});

Deno.test("TokenBucket.take() keeps fractions across calls", () => {
  const bucket = new TokenBucket(1, 1);
  assert(bucket.take(0));
  for (const nowMs of [250, 500, 750]) assert(!bucket.take(nowMs));
  assert(bucket.take(1_000));
  assert(!bucket.take(1_000));
});

Deno.test("TokenBucket.take() is full at first, whatever the clock says", () => {
  for (const nowMs of [0, -1_000, 1.8e12]) {
    assert.equal(takeAll(new TokenBucket(1, 3), nowMs), 3);
  }
});

Deno.test("TokenBucket.take() survives a clock that jumps", () => {
  const bucket = new TokenBucket(1, 3);
  assert.equal(takeAll(bucket, 10_000_000), 3);
  assert.equal(takeAll(bucket, 1_000), 0);
  assert.equal(takeAll(bucket, 1_999), 0);
  // The rate goes on from where the clock fell to, not from where it was.
  assert.equal(takeAll(bucket, 2_000), 1);
  assert.equal(takeAll(bucket, 10_000_000), 3);
});

Deno.test("TokenBucket.take() of rate 0 gives the burst and no more", () => {
  const bucket = new TokenBucket(0, 2);
  assert.equal(takeAll(bucket, 0), 2);
  assert.equal(takeAll(bucket, 1e12), 0);
});

Deno.test("TokenBucket.take() never exceeds burst plus rate", () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.nat(3_000), takes: fc.nat(5) }),
  );
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
    steps,
    (perSecond, burst, all) => {
      const bucket = new TokenBucket(perSecond, burst);
      let nowMs = 0;
      let taken = 0;
      for (const { waitMs, takes } of all) {
        nowMs += waitMs;
        for (let i = 0; i < takes; i += 1) if (bucket.take(nowMs)) taken += 1;
        const bound = burst + nowMs * perSecond / 1000;
        assert(taken <= bound + 1e-6, `${taken} by ${nowMs}`);
      }
    },
  ));
});
