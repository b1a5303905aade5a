import assert from "node:assert/strict";
import { mintKey, type MintRequest } from "../../src/core/mint.ts";
import { beginLife } from "../../src/core/token_life.ts";
import type { TokenEntry } from "../../src/tokens/token_store.ts";
import { planUpkeep, type UpkeepState } from "../../src/tokens/upkeep_plan.ts";

const HOUR = 3_600_000;

function requestFor(scope: string): MintRequest {
  return {
    kind: "access-token",
    account: "app@demo-proj.iam.gserviceaccount.com",
    scopes: [scope],
  };
}

function entryFor(scope: string, entry: Partial<TokenEntry> = {}): TokenEntry {
  return {
    request: requestFor(scope),
    life: beginLife({ value: "x", expiresAtMs: HOUR }, 0, 0),
    askedAtMs: -Infinity,
    holders: new Set(),
    ...entry,
  };
}

function plan(
  state: Partial<Omit<UpkeepState, "base">> & { base?: readonly string[] },
): { due: string[]; nextAtMs: number } {
  const { base = [], ...rest } = state;
  const requests = base.map(requestFor);
  const { due, nextAtMs } = planUpkeep({
    prefetch: true,
    entries: [],
    retryAtMs: () => -Infinity,
    nowMs: 0,
    ...rest,
    base: new Map(requests.map((request) => [mintKey(request), request])),
  });
  return {
    due: due.map((one) => one.kind === "access-token" ? one.scopes.join() : ""),
    nextAtMs,
  };
}

Deno.test("planUpkeep() mints base tokens that are missing", () => {
  assert.deepEqual(plan({ base: ["a", "b"], entries: [entryFor("a")] }), {
    due: ["b"],
    nextAtMs: HOUR - 600_000,
  });
  assert.deepEqual(plan({ base: ["a"], prefetch: false }), {
    due: [],
    nextAtMs: Infinity,
  });
});

Deno.test("planUpkeep() renews base tokens always, and others while they are asked for", () => {
  const nowMs = HOUR - 600_000;
  const entries = [
    entryFor("base"),
    entryFor("asked", { askedAtMs: 1 }),
    entryFor("once", { askedAtMs: nowMs - HOUR }),
    entryFor("never"),
  ];
  const base = ["base"];
  assert.deepEqual(plan({ base, entries, nowMs }).due, ["base", "asked"]);
  assert.deepEqual(plan({ base, entries, nowMs: nowMs - 1 }), {
    due: [],
    nextAtMs: nowMs,
  });
});

Deno.test("planUpkeep() puts first what is missing, then what runs out first", () => {
  const life = (expiresAtMs: number): TokenEntry["life"] =>
    beginLife({ value: "x", expiresAtMs }, expiresAtMs - HOUR, 0);
  const { due } = plan({
    base: ["late", "soon", "missing"],
    entries: [
      entryFor("late", { life: life(400_000) }),
      entryFor("soon", { life: life(200_000) }),
    ],
  });
  assert.deepEqual(due, ["missing", "soon", "late"]);
});

Deno.test("planUpkeep() leaves alone what failed, until it is time", () => {
  const retryAtMs = (): number => HOUR;
  const base = ["missing", "old"];
  const entries = [entryFor("old")];
  assert.deepEqual(plan({ base, entries, retryAtMs, nowMs: HOUR - 1 }), {
    due: [],
    nextAtMs: HOUR,
  });
  assert.deepEqual(plan({ base, entries, retryAtMs, nowMs: HOUR }).due, base);
});

Deno.test("planUpkeep() renews at once where the clock fell back", () => {
  const { due } = plan({
    base: ["a"],
    entries: [entryFor("a")],
    nowMs: -2_001,
  });
  assert.deepEqual(due, ["a"]);
});
