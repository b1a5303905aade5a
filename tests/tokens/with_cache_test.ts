import assert from "node:assert/strict";
import type { Mint, MintRequest } from "../../src/core/mint.ts";
import type { Token } from "../../src/core/token.ts";
import { type CacheOutcome, withCache } from "../../src/tokens/with_cache.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ScriptedMint } from "./scripted_mint.ts";

const never = new AbortController().signal;
const access: MintRequest = {
  kind: "access-token",
  account: "app@demo-proj.iam.gserviceaccount.com",
  scopes: ["a", "b"],
};
const identity: MintRequest = {
  kind: "id-token",
  account: "app@demo-proj.iam.gserviceaccount.com",
  audience: "A",
  format: "standard",
  licenses: false,
};

interface Fixture {
  readonly time: ManualTime;
  readonly source: ScriptedMint;
  readonly outcomes: readonly CacheOutcome[];
  /** Asks the cache. */
  ask(request?: MintRequest, signal?: AbortSignal): Promise<Token>;
  /** A token that lives so long from now on. */
  token(value: string, seconds?: number): Token;
  /** Asks, and has the flight succeed. */
  fill(value: string, request?: MintRequest): Promise<void>;
}

function start(capacity = 100): Fixture {
  const time = new ManualTime();
  const source = new ScriptedMint();
  const outcomes: CacheOutcome[] = [];
  const mint = withCache(source.mint, {
    capacity,
    maxRenewalSeconds: 600,
    now: time.now,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const token = (value: string, seconds = 3600): Token => ({
    value,
    expiresAtMs: time.now() + seconds * 1000,
  });
  return {
    time,
    source,
    outcomes,
    token,
    ask: (request = access, signal = never) => mint(request, signal),
    async fill(value: string, request = access): Promise<void> {
      const asked = mint(request, never);
      source.call(source.calls.length - 1).succeed(token(value));
      assert.equal((await asked).value, value);
    },
  };
}

Deno.test("withCache() makes one flight for many and serves it from memory after", async () => {
  const { ask, source, token, outcomes } = start();
  const asked = Promise.all(Array.from({ length: 100 }, () => ask()));
  source.call(0).succeed(token("one"));
  for (const { value } of await asked) assert.equal(value, "one");
  assert.equal((await ask()).value, "one");
  assert.equal(source.calls.length, 1);
  assert.equal(outcomes[0], "miss");
  assert.deepEqual(new Set(outcomes.slice(1, 100)), new Set(["join"]));
  assert.deepEqual(outcomes.slice(100), ["hit"]);
});

Deno.test("withCache() gives a failure to all who wait and does not keep it", async () => {
  const { ask, source, fill } = start();
  const error = new Error("x");
  const asked = [ask(), ask(), ask()];
  source.call(0).fail(error);
  for (const one of asked) {
    await assert.rejects(one, (thrown) => thrown === error);
  }
  await fill("one");
  assert.equal(source.calls.length, 2);
});

Deno.test("withCache() does not keep the failure of a minter that throws at once", async () => {
  let calls = 0;
  const mint: Mint = () => {
    calls++;
    throw new Error("at once");
  };
  const cached = withCache(mint, {
    capacity: 1,
    maxRenewalSeconds: 1,
    now: () => 0,
  });
  await assert.rejects(cached(access, never), /at once/);
  await assert.rejects(cached(access, never), /at once/);
  assert.equal(calls, 2);
});

Deno.test("withCache() lets a caller leave without ending the flight of the others", async () => {
  const { ask, source, token } = start();
  const leaving = new AbortController();
  const first = ask(access, leaving.signal);
  const second = ask();
  const reason = new Error("gone");
  leaving.abort(reason);
  await assert.rejects(first, (error) => error === reason);
  assert.ok(!source.call(0).signal.aborted);
  source.call(0).succeed(token("one"));
  assert.equal((await second).value, "one");
  assert.equal((await ask()).value, "one");
  assert.equal(source.calls.length, 1);
});

Deno.test("withCache() keeps the token of a flight that everybody left, and ignores its failure", async (t) => {
  await t.step("token", async () => {
    const { ask, source, token } = start();
    await assert.rejects(ask(access, AbortSignal.abort(new Error("gone"))));
    source.call(0).succeed(token("one"));
    assert.equal((await ask()).value, "one");
    assert.equal(source.calls.length, 1);
  });
  await t.step("failure", async () => {
    const { ask, source, fill } = start();
    await assert.rejects(ask(access, AbortSignal.abort(new Error("gone"))));
    const joined = ask();
    source.call(0).fail(new Error("x"));
    await assert.rejects(joined, /x/);
    await fill("two");
  });
});

Deno.test("withCache() renews below the threshold, not before", async (t) => {
  const cases = [
    { name: "600 s left", passedMs: 3_000_000, value: "old", calls: 1 },
    { name: "599.999 s left", passedMs: 3_000_001, value: "new", calls: 2 },
    { name: "nothing left", passedMs: 3_600_000, value: "new", calls: 2 },
    { name: "long expired", passedMs: 9_000_000, value: "new", calls: 2 },
  ];
  for (const { name, passedMs, value, calls } of cases) {
    await t.step(name, async () => {
      const { ask, source, token, time, fill } = start();
      await fill("old");
      time.advance(passedMs);
      const asked = ask();
      source.calls[1]?.succeed(token("new"));
      assert.equal((await asked).value, value);
      assert.equal((await ask()).value, value);
      assert.equal(source.calls.length, calls);
    });
  }
});

Deno.test("withCache() makes one flight for many in a renewal too", async () => {
  const { ask, source, token, time, fill } = start();
  await fill("old");
  time.advance(3_300_000);
  const asked = Promise.all([ask(), ask(), ask()]);
  source.call(1).succeed(token("new"));
  for (const { value } of await asked) assert.equal(value, "new");
  assert.equal(source.calls.length, 2);
});

Deno.test("withCache() serves the old token while renewal fails, and not once it is expired", async () => {
  const { ask, source, time, fill } = start();
  await fill("old");
  time.advance(3_599_000);
  const early = ask();
  source.call(1).fail(new Error("down"));
  assert.equal((await early).value, "old");
  time.advance(1);
  const late = ask();
  source.call(2).fail(new Error("down"));
  await assert.rejects(late, /down/);
  await fill("new");
});

Deno.test("withCache() judges the old token by the time when renewal fails", async () => {
  const { ask, source, time, fill } = start();
  await fill("old");
  time.advance(3_598_000);
  const asked = ask();
  time.advance(2_000);
  source.call(1).fail(new Error("down"));
  await assert.rejects(asked, /down/);
});

Deno.test("withCache() serves the old token to a caller whose time ends while renewal hangs", async (t) => {
  const cases = [
    { name: "alive", passedMs: 3_300_000, serves: true },
    { name: "expired", passedMs: 3_600_000, serves: false },
  ];
  for (const { name, passedMs, serves } of cases) {
    await t.step(name, async () => {
      const { ask, time, fill } = start();
      await fill("old");
      time.advance(passedMs);
      const budget = new AbortController();
      const asked = ask(access, budget.signal);
      budget.abort(new Error("over"));
      if (serves) assert.equal((await asked).value, "old");
      else await assert.rejects(asked, /over/);
    });
  }
});

Deno.test("withCache() renews a short-lived token at half its lifetime", async () => {
  const { ask, source, time, token } = start();
  const first = ask();
  source.call(0).succeed(token("short", 300));
  await first;
  time.advance(150_000);
  assert.equal((await ask()).value, "short");
  time.advance(1_000);
  const second = ask();
  source.call(1).succeed(token("next", 300));
  assert.equal((await second).value, "next");
});

Deno.test("withCache() refuses a token that is over when it comes", async () => {
  const { ask, source, token } = start();
  const asked = ask();
  source.call(0).succeed(token("over", 0));
  await assert.rejects(asked, { failure: "iam-unavailable" });
});

Deno.test("withCache() drops the token used longest ago when it is full", async () => {
  const { ask, source, fill } = start(2);
  const requestFor = (audience: string): MintRequest => ({
    ...identity,
    audience,
  });
  await fill("A", requestFor("A"));
  await fill("B", requestFor("B"));
  assert.equal((await ask(requestFor("A"))).value, "A");
  await fill("C", requestFor("C"));
  assert.equal((await ask(requestFor("A"))).value, "A");
  assert.equal((await ask(requestFor("C"))).value, "C");
  assert.equal(source.calls.length, 3);
  await fill("B again", requestFor("B"));
  assert.equal(source.calls.length, 4);
});

Deno.test("withCache() never serves a token for another request", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly one: MintRequest;
    readonly other: MintRequest;
  }[] = [
    {
      name: "audience",
      one: identity,
      other: { ...identity, audience: "B" },
    },
    {
      name: "letter case of the audience",
      one: identity,
      other: { ...identity, audience: "a" },
    },
    {
      name: "format",
      one: identity,
      other: { ...identity, format: "full" },
    },
    {
      name: "licenses",
      one: identity,
      other: { ...identity, licenses: true },
    },
    {
      name: "account",
      one: identity,
      other: { ...identity, account: "b@demo-proj.iam.gserviceaccount.com" },
    },
    {
      name: "scopes",
      one: access,
      other: { ...access, scopes: ["a"] },
    },
    {
      name: "scopes joined",
      one: access,
      other: { ...access, scopes: ["a,b"] },
    },
    { name: "kind", one: access, other: identity },
    {
      name: "audience that looks like the rest of a key",
      one: { ...identity, audience: 'A","full",true]' },
      other: { ...identity, audience: "A", format: "full", licenses: true },
    },
  ];
  for (const { name, one, other } of cases) {
    await t.step(name, async () => {
      const { ask, source, token } = start();
      const both = [ask(one), ask(other)];
      assert.deepEqual(source.calls.map(({ request }) => request), [
        one,
        other,
      ]);
      source.call(0).succeed(token("one"));
      source.call(1).succeed(token("other"));
      assert.deepEqual((await Promise.all(both)).map(({ value }) => value), [
        "one",
        "other",
      ]);
      assert.equal((await ask(one)).value, "one");
      assert.equal((await ask(other)).value, "other");
    });
  }
});
