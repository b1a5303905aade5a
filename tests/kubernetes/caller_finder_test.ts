import assert from "node:assert/strict";
import type { Lookup } from "../../src/core/pod.ts";
import { ADDRESS, FinderSetup, podOf } from "./finder_setup.ts";

const SHOP = { name: "shop", allowList: { kind: "absent" } } as const;

Deno.test("CallerFinder.identify() answers at once what is certain", async (t) => {
  const cases: {
    name: string;
    arrange: (setup: FinderSetup) => void;
    outcome: string;
  }[] = [
    {
      name: "one pod",
      arrange: ({ pods }) => pods.apply(podOf("a")),
      outcome: "found a",
    },
    {
      name: "a pod whose namespace is known",
      arrange: (setup) => {
        setup.needsNamespace = true;
        setup.pods.apply(podOf("a"));
        setup.namespaces.apply(SHOP);
      },
      outcome: "found a",
    },
    {
      name: "host network",
      arrange: ({ pods }) => pods.apply(podOf("a", { hostNetwork: true })),
      outcome: "host-network",
    },
    {
      name: "a successor of a finished pod",
      arrange: ({ pods }) => {
        pods.apply(podOf("a", { phase: "Succeeded" }));
        pods.apply(podOf("b"));
      },
      outcome: "found b",
    },
  ];
  for (const { name, arrange, outcome } of cases) {
    await t.step(name, async () => {
      const setup = new FinderSetup();
      arrange(setup);
      assert.equal(await setup.ask(), outcome);
      assert.equal(setup.time.sleeping, 0);
      assert.equal(setup.lookups.count(), 0);
    });
  }
});

Deno.test("CallerFinder.identify() waits, and gives the reason when the wait ends", async (t) => {
  const cases: {
    name: string;
    arrange: (setup: FinderSetup) => void;
    reason: string;
  }[] = [
    { name: "nobody", arrange: () => {}, reason: "unknown-caller" },
    {
      name: "only a finished pod",
      arrange: ({ pods }) => pods.apply(podOf("a", { phase: "Succeeded" })),
      reason: "unknown-caller",
    },
    {
      name: "a pod in an unknown phase",
      arrange: ({ pods }) => pods.apply(podOf("a", { phase: "Unknown" })),
      reason: "unknown-caller",
    },
    {
      name: "two pods",
      arrange: ({ pods }) => {
        pods.apply(podOf("a"));
        pods.apply(podOf("b"));
      },
      reason: "ambiguous-caller",
    },
    {
      name: "two pods by the API server",
      arrange: (setup) => setup.live = { kind: "ambiguous" },
      reason: "ambiguous-caller",
    },
    {
      name: "not synced",
      arrange: (setup) => {
        setup.hasSynced = false;
        setup.pods.apply(podOf("a"));
        setup.live = { kind: "found", pod: podOf("a") };
      },
      reason: "not-synced",
    },
    {
      name: "stale and the API server does not answer",
      arrange: (setup) => {
        setup.isStale = true;
        setup.pods.apply(podOf("a"));
      },
      reason: "stale",
    },
    {
      name: "stale and the API server knows nobody",
      arrange: (setup) => {
        setup.isStale = true;
        setup.pods.apply(podOf("a"));
        setup.live = { kind: "unknown" };
      },
      reason: "unknown-caller",
    },
    {
      name: "stale and the API server knows two",
      arrange: (setup) => {
        setup.isStale = true;
        setup.pods.apply(podOf("a"));
        setup.live = { kind: "ambiguous" };
      },
      reason: "ambiguous-caller",
    },
    {
      name: "allow-lists stale where they are needed",
      arrange: (setup) => {
        setup.needsNamespace = true;
        setup.areNamespacesStale = true;
        setup.pods.apply(podOf("a"));
        setup.namespaces.apply({
          name: podOf("a").namespace,
          allowList: { kind: "absent" },
        });
      },
      reason: "stale",
    },
    {
      name: "namespace not known",
      arrange: (setup) => {
        setup.needsNamespace = true;
        setup.pods.apply(podOf("a"));
        setup.namespaces.apply({ ...SHOP, name: "other" });
      },
      reason: "not-synced",
    },
  ];
  for (const { name, arrange, reason } of cases) {
    await t.step(name, async () => {
      const setup = new FinderSetup();
      arrange(setup);
      const answer = setup.ask();
      await setup.time.asleep(2);
      assert.equal(setup.finder.parkedCount, 1);
      setup.time.advance(200);
      await setup.lookups.reached(1);
      await setup.time.asleep(2);
      setup.time.advance(1_800);
      assert.equal(await answer, reason);
      assert.equal(setup.finder.parkedCount, 0);
      await setup.time.idle();
    });
    await t.step(`${name}, without waiting`, async () => {
      const setup = new FinderSetup();
      setup.maxWaitMs = 0;
      arrange(setup);
      // Whoever has to be confirmed is waited for in any case.
      if (setup.isStale) return;
      const outcome = await setup.ask();
      assert(!outcome.startsWith("found"));
      assert.equal(setup.time.sleeping, 0);
      assert.equal(setup.lookups.count(), 0);
    });
  }
});

Deno.test("CallerFinder.recheck() releases who waits, without time passing", async (t) => {
  const cases: {
    name: string;
    arrange: (setup: FinderSetup) => void;
    change: (setup: FinderSetup) => void;
    outcome: string;
  }[] = [
    {
      name: "the pod comes",
      arrange: () => {},
      change: ({ pods }) => pods.apply(podOf("a")),
      outcome: "found a",
    },
    {
      name: "the first of two ends",
      arrange: ({ pods }) => {
        pods.apply(podOf("a"));
        pods.apply(podOf("b"));
      },
      change: ({ pods }) => pods.apply(podOf("a", { phase: "Failed" })),
      outcome: "found b",
    },
    {
      name: "the first list",
      arrange: (setup) => setup.hasSynced = false,
      change: (setup) => {
        setup.pods.replaceAll([podOf("a")]);
        setup.hasSynced = true;
      },
      outcome: "found a",
    },
    {
      name: "the namespace",
      arrange: (setup) => {
        setup.needsNamespace = true;
        setup.pods.apply(podOf("a"));
      },
      change: ({ namespaces }) => namespaces.apply(SHOP),
      outcome: "found a",
    },
    {
      name: "contact after staleness",
      arrange: (setup) => {
        setup.isStale = true;
        setup.pods.apply(podOf("a"));
      },
      change: (setup) => setup.isStale = false,
      outcome: "found a",
    },
  ];
  for (const { name, arrange, change, outcome } of cases) {
    await t.step(name, async () => {
      const setup = new FinderSetup();
      arrange(setup);
      const answers = [setup.ask(), setup.ask(), setup.ask()];
      await setup.time.asleep(4);
      setup.finder.recheck();
      await Promise.resolve();
      assert.equal(setup.finder.parkedCount, 3);
      change(setup);
      setup.finder.recheck();
      assert.deepEqual(await Promise.all(answers), Array(3).fill(outcome));
      // A stale watch has saved none.
      assert.ok(setup.lookups.count() <= 1);
      await setup.time.idle();
    });
  }
});

Deno.test("CallerFinder.identify() believes the API server where the index knows nobody", async () => {
  const setup = new FinderSetup();
  setup.live = { kind: "found", pod: podOf("a") };
  const answers = [setup.ask(), setup.ask()];
  await setup.time.asleep(3);
  setup.time.advance(200);
  assert.deepEqual(await Promise.all(answers), ["found a", "found a"]);
  assert.deepEqual(setup.lookups.entries, [ADDRESS]);
  assert.equal(setup.pods.size, 0);
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() forgets a live answer with the last who waited for it", async () => {
  const setup = new FinderSetup();
  setup.live = { kind: "found", pod: podOf("a") };
  const first = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(200);
  assert.equal(await first, "found a");
  await setup.time.idle();
  setup.live = { kind: "unknown" };
  const second = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(2_000);
  assert.equal(await second, "unknown-caller");
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() forgets a live refusal with the last who waited for it", async () => {
  const setup = new FinderSetup();
  setup.live = { kind: "ambiguous" };
  const leaving = new AbortController();
  const first = setup.ask(ADDRESS, leaving.signal);
  await setup.time.asleep(2);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  await setup.time.asleep(2);
  leaving.abort();
  assert.equal(await first, "ambiguous-caller");
  await setup.time.idle();
  setup.maxWaitMs = 0;
  assert.equal(await setup.ask(), "unknown-caller");
});

Deno.test("CallerFinder.identify() never answers with a stale identity", async (t) => {
  const cases = [
    { name: "the same pod", live: podOf("a"), outcome: "found a" },
    { name: "another uid of the same name", uid: "b", outcome: "found b" },
  ];
  for (const { name, uid = "a", outcome } of cases) {
    await t.step(name, async () => {
      const setup = new FinderSetup();
      setup.isStale = true;
      setup.pods.apply(podOf("a"));
      setup.live = { kind: "found", pod: podOf(uid, { name: "name-of-a" }) };
      assert.equal(await setup.ask(), outcome);
      setup.finder.recheck();
      assert.equal(await setup.ask(), outcome);
      assert.equal(setup.lookups.count(), 2);
      await setup.time.idle();
    });
  }
});

Deno.test("CallerFinder.identify() drops a live answer that the API server no longer confirms", async () => {
  const setup = new FinderSetup();
  setup.needsNamespace = true;
  setup.live = { kind: "found", pod: podOf("a") };
  const answer = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  await setup.time.asleep(2);
  setup.live = undefined;
  setup.time.advance(400);
  await setup.lookups.reached(2);
  await setup.time.asleep(2);
  setup.namespaces.apply(SHOP);
  setup.finder.recheck();
  setup.time.advance(1_400);
  assert.equal(await answer, "unknown-caller");
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() keeps no live answer beside a lookup that hangs", async () => {
  const setup = new FinderSetup();
  setup.needsNamespace = true;
  setup.live = { kind: "found", pod: podOf("a") };
  const leaving = new AbortController();
  const first = setup.ask(ADDRESS, leaving.signal);
  await setup.time.asleep(2);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  await setup.time.asleep(2);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setup.live = promise;
  setup.time.advance(400);
  await setup.lookups.reached(2);
  setup.namespaces.apply(SHOP);
  setup.maxWaitMs = 0;
  assert.equal(await setup.ask(), "unknown-caller");
  leaving.abort();
  assert.equal(await first, "unknown-caller");
  resolve(undefined);
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() takes a pod of the host network for none, by the API server too", async () => {
  const setup = new FinderSetup();
  setup.live = { kind: "host-network" };
  const answer = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(200);
  assert.equal(await answer, "host-network");
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() looks up with growing pauses, once for all who wait", async () => {
  const setup = new FinderSetup();
  setup.maxWaitMs = 60_000;
  setup.live = { kind: "unknown" };
  const leaving = new AbortController();
  const answers = [1, 2, 3].map(() => setup.ask(ADDRESS, leaving.signal));
  await setup.time.asleep(4);
  const pauses = [200, 400, 800, 1_000, 1_000];
  for (const [index, pause] of pauses.entries()) {
    setup.time.advance(pause - 1);
    assert.equal(setup.lookups.count(), index);
    setup.time.advance(1);
    await setup.lookups.reached(index + 1);
    await setup.time.asleep(4);
  }
  leaving.abort();
  assert.deepEqual(await Promise.all(answers), Array(3).fill("unknown-caller"));
  await setup.time.idle();
  setup.time.advance(60_000);
  assert.equal(setup.lookups.count(), pauses.length);
});

Deno.test("CallerFinder.identify() ends the lookups with the last who leaves, and not before", async () => {
  const setup = new FinderSetup();
  const first = new AbortController();
  const second = new AbortController();
  const answers = [
    setup.ask(ADDRESS, first.signal),
    setup.ask(ADDRESS, second.signal),
  ];
  await setup.time.asleep(3);
  first.abort();
  assert.equal(await answers[0], "unknown-caller");
  assert.equal(setup.finder.parkedCount, 1);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  second.abort();
  assert.equal(await answers[1], "unknown-caller");
  assert.equal(setup.finder.parkedCount, 0);
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() ends a lookup that is on its way with the last who leaves", async () => {
  const setup = new FinderSetup();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setup.live = promise;
  const leaving = new AbortController();
  const answer = setup.ask(ADDRESS, leaving.signal);
  await setup.time.asleep(2);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  leaving.abort();
  assert.equal(await answer, "unknown-caller");
  resolve(undefined);
  await setup.time.idle();
  assert.equal(setup.lookups.count(), 1);
});

Deno.test("CallerFinder.identify() answers a caller that has gone already", async () => {
  const setup = new FinderSetup();
  assert.equal(await setup.ask(ADDRESS, AbortSignal.abort()), "unknown-caller");
  assert.equal(setup.finder.parkedCount, 0);
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() refuses beyond its bounds, and only those who would wait", async () => {
  const setup = new FinderSetup();
  const leaving = new AbortController();
  const parked: Promise<string>[] = [];
  const park = (address: string): void => {
    for (let i = 0; i < 256; i++) {
      parked.push(setup.ask(address, leaving.signal));
    }
  };
  park(ADDRESS);
  assert.equal(await setup.ask(), "overload");
  for (const address of ["10.0.1.1", "10.0.1.2", "10.0.1.3"]) park(address);
  assert.equal(setup.finder.parkedCount, 1_024);
  assert.equal(await setup.ask("10.0.1.4"), "overload");
  setup.pods.apply(podOf("k", { addresses: ["10.0.1.5"] }));
  assert.equal(await setup.ask("10.0.1.5"), "found k");
  setup.pods.apply(podOf("a"));
  setup.finder.recheck();
  assert.deepEqual(
    await Promise.all(parked.slice(0, 256)),
    Array(256).fill("found a"),
  );
  assert.equal(setup.finder.parkedCount, 768);
  leaving.abort();
  assert.deepEqual(
    await Promise.all(parked.slice(256)),
    Array(768).fill("unknown-caller"),
  );
  await setup.time.idle();
});

Deno.test("CallerFinder.identify() tells one address nothing of another", async () => {
  const setup = new FinderSetup();
  const leaving = new AbortController();
  const other = setup.ask("10.0.0.2", leaving.signal);
  setup.pods.apply(podOf("a"));
  setup.finder.recheck();
  assert.equal(await setup.ask(), "found a");
  leaving.abort();
  assert.equal(await other, "unknown-caller");
  await setup.time.idle();
});

Deno.test("CallerFinder.isClaimed() tells of pods, not of the host network", () => {
  const { pods, finder } = new FinderSetup();
  assert(!finder.isClaimed(ADDRESS));
  pods.apply(podOf("h", { hostNetwork: true }));
  assert(!finder.isClaimed(ADDRESS));
  pods.apply(podOf("a"));
  assert(finder.isClaimed(ADDRESS));
  pods.apply(podOf("b"));
  assert(finder.isClaimed(ADDRESS));
});

Deno.test("CallerFinder.identify() asks once in ten seconds who a pod is while the watch is stale", async () => {
  const setup = new FinderSetup();
  setup.isStale = true;
  setup.pods.apply(podOf("a"));
  setup.live = { kind: "found", pod: podOf("a") };
  // At once: no watch saves the lookup.
  assert.equal(await setup.ask(), "found a");
  await setup.time.idle();
  // Nobody has to be asked, and so nothing waits.
  setup.live = undefined;
  setup.time.advance(9_999);
  for (let count = 0; count < 10; count += 1) {
    assert.equal(await setup.ask(), "found a");
  }
  assert.equal(setup.lookups.count(), 1);
  setup.time.advance(1);
  assert.equal(await askInVain(setup), "stale");
});

Deno.test("CallerFinder.identify() has who calls confirmed also where nobody is waited for", async () => {
  const setup = new FinderSetup();
  setup.isStale = true;
  setup.maxWaitMs = 0;
  setup.pods.apply(podOf("a"));
  setup.live = { kind: "found", pod: podOf("a") };
  assert.equal(await setup.ask(), "found a");
  setup.isStale = false;
  setup.pods.remove(podOf("a"));
  assert.equal(await setup.ask(), "unknown-caller");
});

Deno.test("CallerFinder.identify() takes no answer that was asked for before a change", async () => {
  const setup = new FinderSetup();
  const { promise, resolve } = Promise.withResolvers<Lookup>();
  setup.live = promise;
  const asked = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(200);
  await setup.lookups.reached(1);
  // The pod comes and goes while the API server answers.
  setup.pods.apply(podOf("a", { phase: "Succeeded" }));
  setup.finder.recheck();
  resolve({ kind: "found", pod: podOf("a") });
  setup.live = { kind: "found", pod: podOf("b") };
  await setup.time.asleep(2);
  setup.time.advance(400);
  assert.equal(await asked, "found b");
  assert.equal(setup.lookups.count(), 2);
});

/** Asks while the API server does not tell. */
async function askInVain(setup: FinderSetup): Promise<string> {
  setup.live = undefined;
  setup.maxWaitMs = 0;
  const asked = setup.ask();
  await setup.time.asleep(2);
  setup.time.advance(1_000);
  return await asked;
}

Deno.test("CallerFinder.identify() forgets who was confirmed when the watch tells of something, or is in time again", async (t) => {
  const confirm = async (): Promise<FinderSetup> => {
    const setup = new FinderSetup();
    setup.isStale = true;
    setup.pods.apply(podOf("a"));
    setup.live = { kind: "found", pod: podOf("b") };
    assert.equal(await setup.ask(), "found b");
    await setup.time.idle();
    return setup;
  };
  await t.step("a change", async () => {
    const setup = await confirm();
    setup.finder.recheck();
    assert.equal(await askInVain(setup), "stale");
  });
  await t.step("in time", async () => {
    const setup = await confirm();
    setup.isStale = false;
    assert.equal(await setup.ask(), "found a");
    setup.isStale = true;
    assert.equal(await askInVain(setup), "stale");
  });
  await t.step("a clock that fell back", async () => {
    const setup = await confirm();
    setup.time.jump(-1);
    assert.equal(await askInVain(setup), "stale");
  });
});
