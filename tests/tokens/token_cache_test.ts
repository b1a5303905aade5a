import assert from "node:assert/strict";
import { type Mint, MintError, type MintRequest } from "../../src/core/mint.ts";
import type { Token } from "../../src/core/token.ts";
import { type CacheOutcome, TokenCache } from "../../src/tokens/token_cache.ts";
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
  readonly outcomes: CacheOutcome[];
  readonly cache: TokenCache;
  /** Asks the cache, as the pod `x` if none is named. */
  ask(
    request?: MintRequest,
    signal?: AbortSignal,
    holder?: string,
  ): Promise<Token>;
  /** A token that lives so long from now on. */
  token(value: string, seconds?: number): Token;
  /** Asks, and has the flight succeed. */
  fill(value: string, request?: MintRequest): Promise<void>;
}

function start(capacity = 100, perHolder = 100): Fixture {
  const time = new ManualTime();
  const source = new ScriptedMint();
  const outcomes: CacheOutcome[] = [];
  const cache = new TokenCache(source.mint, {
    capacity,
    perHolder,
    now: time.now,
    random: () => 0,
    onServed: (outcome) => outcomes.push(outcome),
  });
  const { mint } = cache;
  const token = (value: string, seconds = 3600): Token => ({
    value,
    expiresAtMs: time.now() + seconds * 1000,
  });
  return {
    time,
    source,
    outcomes,
    cache,
    token,
    ask: (request = access, signal = never, holder = "x") =>
      mint(request, signal, holder),
    async fill(value: string, request = access): Promise<void> {
      const asked = mint(request, never, "x");
      source.call(source.calls.length - 1).succeed(token(value));
      assert.equal((await asked).value, value);
    },
  };
}

Deno.test("TokenCache.mintNow() gives what is in memory, and calls nobody", async () => {
  const { cache, fill, source, outcomes, time } = start();
  assert.equal(cache.mintNow(access, "x"), undefined);
  assert.deepEqual([source.calls.length, outcomes], [0, []]);
  await fill("one");
  assert.equal(cache.mintNow(access, "y")?.value, "one");
  assert.equal(cache.mintNow(identity, "y"), undefined);
  assert.deepEqual(outcomes, ["miss", "hit"]);
  assert.equal([...cache.entries()][0]?.holders.size, 2);
  time.advance(3_600_000);
  assert.equal(cache.mintNow(access, "x"), undefined);
  assert.equal(source.calls.length, 1);
});

Deno.test("TokenCache.mint() makes one flight for many and serves it from memory after", async () => {
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

Deno.test("TokenCache.mint() gives a failure to all who wait and does not keep it", async () => {
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

Deno.test("TokenCache.mint() does not keep the failure of a minter that throws at once", async () => {
  let calls = 0;
  const mint: Mint = () => {
    calls++;
    throw new Error("at once");
  };
  const { mint: cached } = new TokenCache(mint, {
    capacity: 1,
    perHolder: 1,
    now: () => 0,
    random: () => 0,
    onServed: () => {},
  });
  await assert.rejects(cached(access, never), /at once/);
  await assert.rejects(cached(access, never), /at once/);
  assert.equal(calls, 2);
});

Deno.test("TokenCache.mint() lets a caller leave without ending the flight of the others", async () => {
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

Deno.test("TokenCache.mint() keeps the token of a flight that everybody left, and ignores its failure", async (t) => {
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

Deno.test("TokenCache.mint() renews in the background below the margin, not before", async (t) => {
  const cases = [
    { name: "600.001 s left", passedMs: 2_999_999, calls: 1 },
    { name: "600 s left", passedMs: 3_000_000, calls: 2 },
    { name: "300 s left", passedMs: 3_300_000, calls: 2 },
    { name: "the clock was set right", passedMs: -2_000, calls: 1 },
  ];
  for (const { name, passedMs, calls } of cases) {
    await t.step(name, async () => {
      const { ask, source, token, time, fill } = start();
      await fill("old");
      time.advance(passedMs);
      assert.equal((await ask()).value, "old");
      assert.equal((await ask()).value, "old");
      assert.equal(source.calls.length, calls);
      source.calls[1]?.succeed(token("new"));
      await time.settle();
      assert.equal((await ask()).value, calls === 2 ? "new" : "old");
      assert.equal(source.calls.length, calls);
    });
  }
});

Deno.test("TokenCache.mint() waits for a renewal where clients would throw the old token away", async (t) => {
  const cases = [
    { name: "299.999 s left", passedMs: 3_300_001 },
    { name: "nothing left", passedMs: 3_600_000 },
    { name: "long over", passedMs: 9_000_000 },
    { name: "nobody knows, for the clock fell back", passedMs: -2_001 },
  ];
  for (const { name, passedMs } of cases) {
    await t.step(name, async () => {
      const { ask, source, token, time, fill } = start();
      await fill("old");
      time.advance(passedMs);
      const asked = Promise.all([ask(), ask(), ask()]);
      assert.equal(source.calls.length, 2);
      source.call(1).succeed(token("new"));
      for (const { value } of await asked) assert.equal(value, "new");
      assert.equal((await ask()).value, "new");
      assert.equal(source.calls.length, 2);
    });
  }
});

Deno.test("TokenCache.mint() serves the old token while renewal fails, at once, and not once it is over", async () => {
  const { ask, source, time, fill, outcomes } = start();
  await fill("old");
  time.advance(3_301_000);
  const early = ask();
  source.call(1).fail(new MintError("iam-unavailable", "down"));
  assert.equal((await early).value, "old");
  outcomes.length = 0;
  time.advance(4_999);
  assert.equal((await ask()).value, "old");
  assert.deepEqual(outcomes, ["stale"]);
  assert.equal(source.calls.length, 2);
  time.advance(1);
  // Renewed in the background from now on: nobody waits for IAM while it fails.
  assert.equal((await ask()).value, "old");
  source.call(2).fail(new MintError("iam-unavailable", "down"));
  await time.settle();
  time.advance(294_000);
  const late = ask();
  source.call(3).fail(new Error("still down"));
  await assert.rejects(late, /still down/);
  await fill("new");
});

Deno.test("TokenCache.mint() keeps to the time that Google wants no further call", async () => {
  const { ask, source, time, fill } = start();
  await fill("old");
  time.advance(3_000_000);
  assert.equal((await ask()).value, "old");
  source.call(1).fail(
    new MintError("iam-unavailable", "quota", { retryAfterMs: 60_000 }),
  );
  await time.settle();
  time.advance(59_999);
  assert.equal((await ask()).value, "old");
  assert.equal(source.calls.length, 2);
  time.advance(1);
  assert.equal((await ask()).value, "old");
  assert.equal(source.calls.length, 3);
});

Deno.test("TokenCache.mint() judges the old token by the time when renewal fails", async () => {
  const { ask, source, time, fill } = start();
  await fill("old");
  time.advance(3_598_000);
  const asked = ask();
  time.advance(2_000);
  source.call(1).fail(new Error("down"));
  await assert.rejects(asked, /down/);
});

Deno.test("TokenCache.mint() serves the old token to a caller whose time ends while renewal hangs", async (t) => {
  const cases = [
    { name: "alive", passedMs: 3_301_000, serves: true },
    { name: "over", passedMs: 3_600_000, serves: false },
  ];
  for (const { name, passedMs, serves } of cases) {
    await t.step(name, async () => {
      const { ask, time, fill } = start();
      await fill("old");
      time.advance(passedMs);
      const budget = new AbortController();
      const asked = ask(access, budget.signal);
      budget.abort(new Error("late"));
      if (serves) assert.equal((await asked).value, "old");
      else await assert.rejects(asked, /late/);
    });
  }
});

Deno.test("TokenCache.mint() renews a short-lived token at half its lifetime", async () => {
  const { ask, source, time, token } = start();
  const first = ask();
  source.call(0).succeed(token("short", 300));
  await first;
  time.advance(149_999);
  assert.equal((await ask()).value, "short");
  assert.equal(source.calls.length, 1);
  time.advance(1);
  assert.equal((await ask()).value, "short");
  source.call(1).succeed(token("next", 300));
  await time.settle();
  assert.equal((await ask()).value, "next");
});

Deno.test("TokenCache.mint() never tells of more time than the token had when the clock fell back", async () => {
  const { ask, time, source, fill, token } = start();
  await fill("old");
  const { expiresAtMs } = token("");
  time.advance(-2_000);
  assert.equal((await ask()).expiresAtMs, expiresAtMs - 2_000);
  time.advance(-1_800_000);
  const asked = ask();
  source.call(1).fail(new Error("x"));
  const { expiresAtMs: told } = await asked;
  assert.equal(told, time.now() + 300_000);
});

Deno.test("TokenCache.mint() does not wait for a pause that the clock has made longer", async () => {
  const { ask, time, source, fill } = start();
  await fill("old");
  time.advance(3_000_000);
  await ask();
  source.call(1).fail(new Error("x"));
  await time.settle();
  await ask();
  assert.equal(source.calls.length, 2);
  time.advance(-7_200_000);
  await ask();
  assert.equal(source.calls.length, 3);
});

Deno.test("TokenCache.mint() refuses a token that is over when it comes", async () => {
  const { ask, source, token } = start();
  const asked = ask();
  source.call(0).succeed(token("over", 0));
  await assert.rejects(asked, { failure: "iam-unavailable" });
});

Deno.test("TokenCache.mint() drops the token used longest ago when it is full", async () => {
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

Deno.test("TokenCache.renew() keeps what is pinned, however much that is", async () => {
  const { cache, source, token, ask, fill } = start(2);
  const requests = ["A", "B", "C"].map((audience) => ({
    ...identity,
    audience,
  }));
  cache.retain(requests, () => true);
  for (const [index, request] of requests.entries()) {
    const renewed = cache.renew(request);
    source.call(index).succeed(token("pinned"));
    await renewed;
  }
  assert.equal(cache.size, 3);
  await fill("other", { ...identity, audience: "other" });
  assert.equal((await ask(requests[0])).value, "pinned");
  assert.equal(cache.size, 3);
});

Deno.test("TokenCache.mint() lets one pod push out its own tokens only", async () => {
  const { ask, source, token, cache } = start(1_000, 3);
  const requestFor = (audience: string): MintRequest => ({
    ...identity,
    audience,
  });
  const fillFor = async (holder: string, audience: string): Promise<void> => {
    const calls = source.calls.length;
    const asked = ask(requestFor(audience), never, holder);
    source.calls[calls]?.succeed(token(audience));
    await asked;
  };
  await fillFor("greedy", "shared");
  await fillFor("modest", "shared");
  await fillFor("modest", "own");
  for (let index = 0; index < 10_000; index += 1) {
    await fillFor("greedy", `audience-${index}`);
  }
  assert.equal(cache.size, 5);
  const calls = source.calls.length;
  for (const audience of ["shared", "own"]) {
    assert.equal(
      (await ask(requestFor(audience), never, "modest")).value,
      audience,
    );
  }
  assert.equal(source.calls.length, calls);
});

Deno.test("TokenCache.mint() counts a place to the pod that left before the token came", async () => {
  const { ask, source, token, cache } = start(1_000, 2);
  for (let index = 0; index < 10; index += 1) {
    const request = { ...identity, audience: `audience-${index}` };
    await assert.rejects(ask(request, AbortSignal.abort(new Error("gone"))));
    source.call(index).succeed(token("x"));
  }
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  assert.ok(cache.size <= 3);
});

Deno.test("TokenCache.retain() forgets what nobody may have any more", async () => {
  const { ask, source, token, cache, fill } = start();
  await fill("base");
  await fill("identity", identity);
  const pinned: MintRequest = { ...access, scopes: ["pinned"] };
  const renewed = cache.renew(pinned);
  source.call(2).succeed(token("pinned"));
  await renewed;
  const shared = ask(identity, never, "y");
  assert.equal((await shared).value, "identity");
  cache.retain([pinned], (holder) => holder === "y");
  assert.deepEqual(
    [...cache.entries()].map(({ life }) => life.token.value).sort(),
    ["identity", "pinned"],
  );
  cache.retain([], (_, { kind }) => kind === "access-token");
  assert.equal(cache.size, 0);
  await fill("again");
});

Deno.test("TokenCache.renew() mints whatever is in memory, and remembers a failure of what is pinned", async () => {
  const { source, token, cache, fill, time, ask } = start();
  await fill("old");
  const renewed = cache.renew(access);
  source.call(1).succeed(token("new"));
  await renewed;
  assert.equal((await ask()).value, "new");
  const request: MintRequest = { ...access, scopes: ["other"] };
  const failing = async (): Promise<void> => {
    const asked = cache.renew(request);
    source.call(source.calls.length - 1).fail(
      new MintError("iam-denied", "no"),
    );
    await assert.rejects(asked, /no/);
  };
  await failing();
  assert.equal(cache.retryAtMs(request), -Infinity);
  cache.retain([request, access], () => true);
  await failing();
  assert.equal(cache.retryAtMs(request), time.now() + 30_000);
  await failing();
  assert.equal(cache.retryAtMs(request), time.now() + 60_000);
  for (let count = 0; count < 10; count += 1) await failing();
  assert.equal(cache.retryAtMs(request), time.now() + 300_000);
  const better = cache.renew(request);
  source.call(source.calls.length - 1).succeed(token("there"));
  await better;
  assert.equal(cache.retryAtMs(request), -Infinity);
});

Deno.test("TokenCache.mint() never serves a token for another request", async (t) => {
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
