import assert from "node:assert/strict";
import { MintError, type MintRequest } from "../../src/core/mint.ts";
import type { Token } from "../../src/core/token.ts";
import { withRetry } from "../../src/tokens/with_retry.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ScriptedMint } from "./scripted_mint.ts";

const REQUEST: MintRequest = {
  kind: "access-token",
  account: "app@demo-proj.iam.gserviceaccount.com",
  scopes: ["a"],
};
const never = new AbortController().signal;
const TOKEN: Token = { value: "x", expiresAtMs: 1 };

interface Fixture {
  readonly time: ManualTime;
  readonly source: ScriptedMint;
  ask(signal?: AbortSignal): Promise<Token>;
  /** Fails the last call, and lets so much time go on. */
  fail(error: MintError, thenMs?: number): Promise<void>;
}

function start(random = 1): Fixture {
  const time = new ManualTime();
  const source = new ScriptedMint();
  const mint = withRetry(source.mint, {
    clock: clockOf(time),
    random: () => random,
    budgetMs: 4_500,
  });
  return {
    time,
    source,
    ask: (signal = never) => mint(REQUEST, signal, "pod"),
    async fail(error: MintError, thenMs = 0): Promise<void> {
      source.call(source.calls.length - 1).fail(error);
      await time.settle();
      time.advance(thenMs);
      await time.settle();
    },
  };
}

const unavailable = (retryAfterMs?: number): MintError =>
  new MintError("iam-unavailable", "Not now", { retryAfterMs });

Deno.test("withRetry() tries again after growing pauses, four times in all", async () => {
  const { ask, source, fail } = start();
  const asked = ask();
  for (const [index, pauseMs] of [200, 400, 800].entries()) {
    await fail(unavailable(), pauseMs - 1);
    assert.equal(source.calls.length, index + 1);
    await fail(unavailable(), 1);
    assert.equal(source.calls.length, index + 2);
  }
  source.call(3).fail(unavailable());
  await assert.rejects(asked, /Not now/);
  assert.equal(source.calls.length, 4);
});

Deno.test("withRetry() has full jitter", async () => {
  const { ask, source, fail } = start(0);
  const asked = ask();
  await fail(unavailable());
  assert.equal(source.calls.length, 2);
  source.call(1).succeed(TOKEN);
  assert.equal(await asked, TOKEN);
});

Deno.test("withRetry() waits as long as Google says, if there is time", async (t) => {
  await t.step("enough", async () => {
    const { ask, source, fail } = start();
    const asked = ask();
    await fail(unavailable(3_000), 2_999);
    assert.equal(source.calls.length, 1);
    await fail(unavailable(), 1);
    assert.equal(source.calls.length, 2);
    source.call(1).succeed(TOKEN);
    assert.equal(await asked, TOKEN);
  });
  await t.step("not enough", async () => {
    const { ask, source, time } = start();
    const asked = ask();
    source.call(0).fail(unavailable(4_500));
    await assert.rejects(asked, { retryAfterMs: 4_500 });
    assert.equal(time.sleeping, 0);
  });
});

Deno.test("withRetry() does not try again what cannot get better", async (t) => {
  const errors = [
    new MintError("iam-denied", "x"),
    new MintError("iam-rejected", "x"),
    new MintError("node-credentials", "x"),
    new MintError("overload", "x"),
    new Error("x"),
  ];
  for (const error of errors) {
    await t.step(
      error instanceof MintError ? error.failure : "bug",
      async () => {
        const { ask, source, time } = start();
        const asked = ask();
        source.call(0).fail(error);
        await assert.rejects(asked, (thrown) => thrown === error);
        assert.deepEqual([source.calls.length, time.sleeping], [1, 0]);
      },
    );
  }
});

Deno.test("withRetry() ends with its signal", async () => {
  const { ask, source, fail, time } = start();
  const caller = new AbortController();
  const asked = ask(caller.signal);
  asked.catch(() => {});
  await fail(unavailable());
  assert.equal(time.sleeping, 1);
  caller.abort();
  await assert.rejects(asked, /Not now/);
  assert.equal(source.calls.length, 1);
});
