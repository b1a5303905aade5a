import assert from "node:assert/strict";
import { MintError, type MintRequest } from "../../src/core/mint.ts";
import { withRefusals } from "../../src/tokens/with_refusals.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

function requestFor(scope: string): MintRequest {
  return {
    kind: "access-token",
    account: "app@demo-proj.iam.gserviceaccount.com",
    scopes: [scope],
  };
}

interface Fixture {
  readonly time: ManualTime;
  readonly count: { calls: number; remembered: number };
  /** Asks, and tells what was thrown. */
  ask(scope?: string): Promise<unknown>;
}

function start(error: () => Error | undefined, rememberMs = 10_000): Fixture {
  const time = new ManualTime();
  const count = { calls: 0, remembered: 0 };
  const mint = withRefusals(() => {
    count.calls += 1;
    const thrown = error();
    return thrown === undefined
      ? Promise.resolve({ value: "x", expiresAtMs: 1 })
      : Promise.reject(thrown);
  }, { rememberMs, now: time.now, onRemembered: () => count.remembered += 1 });
  const { signal } = new AbortController();
  return {
    time,
    count,
    ask: (scope = "a") =>
      mint(requestFor(scope), signal).catch((thrown) => thrown),
  };
}

Deno.test("withRefusals() refuses from memory for a while, and asks again after it", async (t) => {
  const cases = [
    { error: new MintError("iam-denied", "x"), ms: 10_000 },
    { error: new MintError("iam-rejected", "x"), ms: 10_000 },
    { error: new MintError("node-credentials", "x"), ms: 10_000 },
    {
      error: new MintError("iam-unavailable", "x", { retryAfterMs: 7_000 }),
      ms: 7_000,
    },
    {
      error: new MintError("iam-unavailable", "x", { retryAfterMs: 1e9 }),
      ms: 60_000,
    },
    { error: new MintError("iam-unavailable", "x"), ms: 0 },
    { error: new MintError("overload", "x"), ms: 0 },
    { error: new Error("x"), ms: 0 },
  ];
  for (const { error, ms } of cases) {
    await t.step(`${error} for ${ms} ms`, async () => {
      let thrown: Error | undefined = error;
      const { ask, time, count } = start(() => thrown);
      assert.equal(await ask(), error);
      thrown = undefined;
      time.advance(Math.max(0, ms - 1));
      if (ms > 0) assert.equal(await ask(), error);
      assert.deepEqual(count, { calls: 1, remembered: ms > 0 ? 1 : 0 });
      time.advance(1);
      assert.ok("value" in Object(await ask()));
    });
  }
});

Deno.test("withRefusals() keeps requests apart, forgets at once if told to, and survives a clock that jumps", async () => {
  const error = new MintError("iam-denied", "x");
  const one = start(() => error);
  await one.ask("a");
  await one.ask("b");
  assert.equal(one.count.calls, 2);
  one.time.advance(-3_600_000);
  await one.ask("a");
  assert.equal(one.count.calls, 3);
  const none = start(() => error, 0);
  await none.ask();
  await none.ask();
  assert.equal(none.count.calls, 2);
});

Deno.test("withRefusals() remembers a thousand at most, and forgets the oldest first", async () => {
  const { ask, count } = start(() => new MintError("iam-denied", "x"));
  for (let index = 0; index < 1_001; index += 1) await ask(String(index));
  await ask("1");
  assert.equal(count.calls, 1_001);
  await ask("0");
  assert.equal(count.calls, 1_002);
});
