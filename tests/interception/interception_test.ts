import assert from "node:assert/strict";
import { Interception } from "../../src/interception/interception.ts";
import { createNftables } from "../../src/interception/nftables.ts";
import type {
  Plan,
  RuleBackend,
  RuleGroup,
} from "../../src/interception/rule_group.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { FakeNft } from "./fake_nft.ts";

const WANTED = {
  guard: "all",
  redirect: {
    hostIP: "10.128.0.2",
    match: { kind: "not", name: "eth0" },
    listener: { address: "0.0.0.0", port: 8181, otherPort: 0 },
    connectionsPerPod: 0,
    refuseDirect: false,
  },
} as const;

class Setup implements AsyncDisposable {
  readonly nft = new FakeNft();
  readonly time = new ManualTime();
  readonly lines: string[] = [];
  readonly interception: Interception;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(backend?: RuleBackend, intervalMs = 10_000) {
    this.interception = new Interception({
      backend: backend ?? createNftables(this.nft.run),
      address: "169.254.169.254",
      ipv6Address: "fd20:ce::254",
      clock: clockOf(this.time),
      log: (level, message, fields = {}) =>
        this.lines.push(
          `${level} ${message}: ${fields["missing"] ?? fields["error"] ?? ""}${
            fields["changedBy"] === undefined
              ? ""
              : ` by ${fields["changedBy"]}`
          }`,
        ),
      isServed: () => false,
    });
    this.#running = this.interception.run(
      () => intervalMs,
      this.#ending.signal,
    );
  }

  /** Runs one check. */
  async check(): Promise<void> {
    await this.time.asleep(1);
    this.time.advance(10_000);
    await this.time.asleep(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

Deno.test("Interception.state is not ok before rules are applied", async () => {
  await using setup = new Setup();
  await setup.check();
  assert.deepEqual(setup.interception.state, {
    ok: false,
    detail: "No rules have been applied yet",
    drifts: 0,
    repairs: 0,
    isSuperseded: false,
  });
});

Deno.test("Interception.apply() writes what differs and nothing else", async () => {
  await using setup = new Setup();
  await setup.interception.apply({ ...WANTED, redirect: undefined });
  await setup.interception.apply(WANTED);
  assert.equal(setup.nft.writes, 2);
  await setup.interception.apply(WANTED);
  await setup.check();
  assert.equal(setup.nft.writes, 2);
  assert.deepEqual(setup.interception.state, {
    ok: true,
    detail: "guard all, redirect to port 8181",
    drifts: 0,
    repairs: 0,
    isSuperseded: false,
  });
});

Deno.test("Interception.apply() throws when the rules do not read back", async () => {
  await using setup = new Setup();
  setup.nft.isForgetful = true;
  await assert.rejects(setup.interception.apply(WANTED), {
    name: "InterceptionError",
    message:
      "nftables: the rules were written, but read back otherwise: no table inet saassigner",
  });
  assert.equal(setup.nft.writes, 2);
  assert.ok(!setup.interception.state.ok);
});

Deno.test("Interception.run() restores what is missing, counts and tells it", async () => {
  await using setup = new Setup();
  await setup.interception.apply(WANTED);
  setup.nft.elements = undefined;
  await setup.check();
  assert.ok(setup.nft.elements !== undefined);
  setup.nft.elements = [];
  await setup.check();
  await setup.check();
  assert.equal(setup.interception.state.repairs, 2);
  assert.deepEqual(setup.lines.filter((line) => line.startsWith("warn")), [
    "warn Rules are left out: ",
    "warn Rules are left out: ",
    "warn Interception rules were missing or changed; restored: nftables: no table inet saassigner",
    "warn Interception rules were missing or changed; restored: nftables: table inet saassigner differs; nftables: no chain guard; nftables: no chain input; nftables: no chain prerouting",
  ]);
});

Deno.test("Interception.run() goes on after failures and tells each once", async () => {
  await using setup = new Setup();
  await setup.interception.apply(WANTED);
  setup.nft.elements = undefined;
  setup.nft.failure = "Operation not permitted (you must be root)";
  await setup.check();
  await setup.check();
  assert.deepEqual(setup.interception.state, {
    ok: false,
    detail:
      "nft cannot read the rules: it needs uid 0 with the capabilities NET_ADMIN and NET_RAW",
    drifts: 0,
    repairs: 0,
    isSuperseded: false,
  });
  setup.nft.failure = undefined;
  await setup.check();
  assert.ok(setup.interception.state.ok);
  assert.equal(setup.interception.state.repairs, 1);
  assert.deepEqual(setup.lines.map((line) => line.split(" ")[0]), [
    "warn",
    "warn",
    "info",
    "error",
    "warn",
    "info",
  ]);
});

Deno.test("Interception.run() tries again what apply() could not do", async () => {
  await using setup = new Setup();
  setup.nft.failure = "Resource temporarily unavailable";
  await assert.rejects(setup.interception.apply(WANTED));
  setup.nft.failure = undefined;
  await setup.check();
  assert.ok(setup.interception.state.ok);
});

Deno.test("Interception does one thing at a time", async () => {
  await using setup = new Setup();
  await Promise.all([
    setup.interception.apply({ ...WANTED, guard: "http" }),
    setup.interception.apply(WANTED),
    setup.check(),
  ]);
  assert.equal(setup.nft.mostRunning, 1);
  assert.match(JSON.stringify(setup.nft.elements), /"right":53/);
});

Deno.test("Interception.noteChange() has the rules checked at once, and soon again", async () => {
  await using setup = new Setup();
  await setup.interception.apply(WANTED);
  await setup.time.asleep(1);
  setup.nft.elements = undefined;
  setup.interception.noteChange("nft (process 7)");
  await setup.time.asleep(1);
  assert.equal(setup.interception.state.repairs, 1);
  assert.match(setup.lines.at(-1) ?? "", /^warn .*\bby nft \(process 7\)$/);
  const { reads } = setup.nft;
  setup.interception.noteChange("nft (process 8)");
  setup.interception.noteChange("nft (process 9)");
  await setup.time.asleep(1);
  assert.equal(setup.nft.reads, reads);
  setup.time.advance(100);
  await setup.time.asleep(1);
  assert.equal(setup.nft.reads, reads + 1);
});

/** Rules of a program that puts its own first again after each repair. */
class Rival implements RuleBackend {
  readonly name = "iptables";
  plan: Plan = IN_ORDER;
  writes = 0;

  findPlaces(): ReturnType<RuleBackend["findPlaces"]> {
    return Promise.resolve({ places: [], reason: "", isCertain: true });
  }

  createGroups(): readonly RuleGroup[] {
    return [{
      name: "IPv4",
      inspect: () => Promise.resolve(this.plan),
      write: () => {
        this.writes++;
        this.plan = IN_ORDER;
        return Promise.resolve();
      },
    }];
  }
}

const IN_ORDER: Plan = { drift: [], isMereOrder: false, document: "" };
const BELOW: Plan = {
  drift: ["nat: not the first rule"],
  isMereOrder: true,
  document: "",
};

Deno.test("Interception.run() does not fight for the first place for ever", async () => {
  const rival = new Rival();
  await using setup = new Setup(rival, 1_000);
  await setup.interception.apply(WANTED);
  for (let round = 0; round < 30; round++) {
    rival.plan = BELOW;
    setup.interception.noteChange("rival (process 1)");
    await setup.time.asleep(1);
    setup.time.advance(1_000);
    await setup.time.asleep(1);
  }
  const { writes } = rival;
  assert.ok(writes >= 6 && writes <= 9, `${writes} writes`);
  const { ok, detail, drifts, repairs } = setup.interception.state;
  assert.ok(!ok);
  assert.match(detail, /^IPv4: nat: not the first rule; left so for now, /);
  assert.equal(repairs, writes);
  assert.ok(drifts >= 25, `${drifts} drifts`);
  assert.ok(setup.lines.some((line) => line.startsWith("error")));

  rival.plan = { ...BELOW, isMereOrder: false };
  await setup.check();
  assert.equal(rival.writes, writes + 1);
  assert.ok(setup.interception.state.ok);

  rival.plan = BELOW;
  setup.time.advance(60_000);
  await setup.check();
  assert.equal(rival.writes, writes + 2);
  assert.ok(setup.interception.state.ok);
});

Deno.test("Interception.run() checks no more often by events than once a second in the long run", async () => {
  await using setup = new Setup();
  await setup.interception.apply(WANTED);
  await setup.time.asleep(1);
  const { reads } = setup.nft;
  for (let round = 0; round < 300; round++) {
    setup.interception.noteChange("rival (process 1)");
    await setup.time.asleep(1);
    setup.time.advance(100);
    await setup.time.asleep(1);
  }
  const checks = setup.nft.reads - reads;
  assert.ok(checks >= 40 && checks <= 75, `${checks} checks in 30 s`);
});
