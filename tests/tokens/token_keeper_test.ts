import assert from "node:assert/strict";
import type { Grant } from "../../src/core/grant.ts";
import { MintError } from "../../src/core/mint.ts";
import { TokenCache } from "../../src/tokens/token_cache.ts";
import {
  type RenewalOutcome,
  TokenKeeper,
} from "../../src/tokens/token_keeper.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ScriptedMint } from "./scripted_mint.ts";

/** A keeper that runs, with a test in place of IAM. */
class Kept implements AsyncDisposable {
  readonly time = new ManualTime();
  readonly source = new ScriptedMint();
  readonly outcomes: RenewalOutcome[] = [];
  readonly keeper: TokenKeeper;
  readonly cache: TokenCache;
  grants: Grant[] = [];
  reviews = 0;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(prefetch = true) {
    const { time } = this;
    this.cache = new TokenCache(this.source.mint, {
      capacity: 1_000,
      perHolder: 10,
      now: time.now,
      random: () => 0,
      onServed: () => {},
    });
    this.keeper = new TokenKeeper({
      cache: this.cache,
      grants: () => {
        this.reviews += 1;
        return this.grants;
      },
      prefetch,
      clock: clockOf(time),
      onRenewal: (outcome) => this.outcomes.push(outcome),
    });
    this.#done = this.keeper.run(this.#ending.signal);
  }

  /** Gives the pods accounts: a letter each, `a:1` for scope 1 of account a. */
  async give(...accounts: readonly string[]): Promise<void> {
    this.grants = accounts.map((text, index) => {
      const [account = "", scope = "s"] = text.split(":");
      return { holder: `pod-${index}`, account, scopes: [scope] };
    });
    this.keeper.changed();
    await this.time.settle();
  }

  /** Accounts that IAM was asked for, in order. */
  get asked(): readonly string[] {
    return this.source.calls.map(({ request }) => request.account);
  }

  /** Succeeds all calls that are under way. */
  async succeed(): Promise<void> {
    for (const call of this.source.calls) {
      call.succeed({
        value: `${call.request.account}-${this.time.now()}`,
        expiresAtMs: this.time.now() + 3_600_000,
      });
    }
    await this.time.settle();
  }

  async pass(ms: number): Promise<void> {
    this.time.advance(ms);
    await this.time.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const call of this.source.calls) call.fail(new Error("over"));
    await this.#done;
  }
}

Deno.test("TokenKeeper mints each account once as soon as a pod may have it", async () => {
  await using kept = new Kept();
  await kept.give("a", "a", "b", "a:2");
  assert.deepEqual(kept.asked, ["a", "b", "a"]);
  await kept.succeed();
  assert.equal(kept.cache.size, 3);
  await kept.pass(100);
  await kept.give("a", "a", "b", "a:2", "c");
  assert.deepEqual(kept.asked, ["a", "b", "a", "c"]);
});

Deno.test("TokenKeeper mints nothing ahead if it is told not to, but renews what was asked for", async () => {
  await using kept = new Kept(false);
  await kept.give("a");
  assert.deepEqual(kept.asked, []);
  const { signal } = new AbortController();
  const asked = kept.cache.mint(
    { kind: "access-token", account: "a", scopes: ["s"] },
    signal,
    "pod-0",
  );
  await kept.succeed();
  await asked;
  kept.keeper.changed();
  await kept.pass(3_000_000);
  assert.deepEqual(kept.asked, ["a", "a"]);
});

Deno.test("TokenKeeper renews on time, over and over, until the last holder is gone", async () => {
  await using kept = new Kept();
  await kept.give("a");
  await kept.succeed();
  for (const count of [2, 3, 4]) {
    await kept.pass(2_970_000);
    await kept.pass(29_999);
    assert.equal(kept.asked.length, count - 1);
    await kept.pass(1);
    assert.equal(kept.asked.length, count);
    await kept.succeed();
  }
  await kept.give();
  await kept.pass(100);
  assert.equal(kept.cache.size, 0);
  await kept.pass(3_600_000);
  assert.equal(kept.asked.length, 4);
});

Deno.test("TokenKeeper renews an audience while it is asked for, and not for ever", async () => {
  await using kept = new Kept(false);
  await kept.give("a");
  const { signal } = new AbortController();
  const ask = (): Promise<unknown> =>
    kept.cache.mint(
      {
        kind: "id-token",
        account: "a",
        audience: "x",
        format: "full",
        licenses: false,
      },
      signal,
      "pod-0",
    );
  const first = ask();
  await kept.succeed();
  await first;
  kept.keeper.changed();
  await kept.pass(2_400_000);
  await ask();
  await kept.pass(600_000);
  assert.equal(kept.asked.length, 2, "asked for within its lifetime");
  await kept.succeed();
  await kept.pass(3_000_000);
  assert.equal(kept.asked.length, 2, "asked for a lifetime ago");
});

Deno.test("TokenKeeper works on a few at a time, and goes on with the next", async () => {
  await using kept = new Kept();
  const accounts = Array.from({ length: 20 }, (_, index) => `account-${index}`);
  await kept.give(...accounts);
  assert.equal(kept.asked.length, 8);
  await kept.succeed();
  assert.equal(kept.asked.length, 16);
  await kept.succeed();
  await kept.succeed();
  assert.deepEqual(kept.asked, accounts);
  assert.equal(kept.cache.size, 20);
});

Deno.test("TokenKeeper leaves a failure alone for a while, and tells of it", async () => {
  await using kept = new Kept();
  await kept.give("a");
  const error = new MintError("iam-unavailable", "down");
  kept.source.call(0).fail(error);
  await kept.time.settle();
  assert.deepEqual(kept.outcomes.map((outcome) => outcome.error), [error]);
  await kept.pass(4_999);
  assert.equal(kept.asked.length, 1);
  await kept.pass(1);
  assert.equal(kept.asked.length, 2);
  await kept.succeed();
  assert.equal(kept.outcomes.at(-1)?.error, undefined);
  assert.equal(kept.cache.size, 1);
});

Deno.test("TokenKeeper looks at what pods may have once in a while, however often that changes", async () => {
  await using kept = new Kept();
  for (let change = 0; change < 1_000; change += 1) await kept.give("a");
  assert.equal(kept.reviews, 1);
  await kept.give("b");
  await kept.pass(100);
  assert.equal(kept.reviews, 2);
  assert.deepEqual(kept.asked, ["a", "b"]);
});

Deno.test("TokenKeeper forgets a token that came after its last holder had gone", async () => {
  await using kept = new Kept(false);
  await kept.give("a");
  const { signal } = new AbortController();
  const asked = kept.cache.mint(
    { kind: "access-token", account: "a", scopes: ["s"] },
    signal,
    "pod-0",
  );
  await kept.pass(100);
  await kept.give();
  await kept.succeed();
  await asked;
  assert.equal(kept.cache.size, 1);
  await kept.pass(30_000);
  assert.equal(kept.cache.size, 0);
});

Deno.test("TokenKeeper notices within half a minute that the clock jumped", async () => {
  await using kept = new Kept();
  await kept.give("a");
  await kept.succeed();
  kept.time.jump(-7_200_000);
  await kept.pass(30_000);
  assert.equal(kept.asked.length, 2);
  await kept.succeed();
  kept.time.jump(7_200_000);
  await kept.pass(30_000);
  assert.equal(kept.asked.length, 3);
});

Deno.test("TokenKeeper.isSettled tells whether each token was minted, or tried", async () => {
  await using kept = new Kept();
  const accounts = Array.from({ length: 10 }, (_, index) => `a${index}`);
  await kept.time.asleep(1);
  const giving = kept.give(...accounts);
  assert.ok(!kept.keeper.isSettled);
  await giving;
  // Eight are under way, and two wait for room.
  assert.ok(!kept.keeper.isSettled);
  for (const call of kept.source.calls.slice(0, 8)) {
    call.succeed({ value: "v", expiresAtMs: kept.time.now() + 3_600_000 });
  }
  await kept.time.settle();
  assert.ok(!kept.keeper.isSettled);
  for (const call of kept.source.calls.slice(8)) {
    call.fail(new MintError("iam-denied", "No"));
  }
  await kept.time.settle();
  assert.equal(kept.asked.length, 10);
  assert.ok(kept.keeper.isSettled);
});
