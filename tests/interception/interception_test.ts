import assert from "node:assert/strict";
import { Interception } from "../../src/interception/interception.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { FakeNft } from "./fake_nft.ts";

const WANTED = {
  hostIP: "10.128.0.2",
  match: { kind: "not", name: "eth0" },
  guard: "all",
  port: 8181,
} as const;

class Setup implements AsyncDisposable {
  readonly nft = new FakeNft();
  readonly time = new ManualTime();
  readonly lines: string[] = [];
  readonly interception = new Interception({
    backend: "nftables",
    address: "169.254.169.254",
    ipv6Address: "fd20:ce::254",
    runCommand: this.nft.run,
    clock: clockOf(this.time),
    log: (level, message, fields = {}) =>
      this.lines.push(
        `${level} ${message}: ${fields["missing"] ?? fields["error"] ?? ""}`,
      ),
  });
  readonly #ending = new AbortController();
  readonly #running = this.interception.run(() => 10_000, this.#ending.signal);

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
    repairs: 0,
  });
});

Deno.test("Interception.apply() writes what differs and nothing else", async () => {
  await using setup = new Setup();
  await setup.interception.apply({ ...WANTED, port: undefined });
  await setup.interception.apply(WANTED);
  assert.equal(setup.nft.writes, 2);
  await setup.interception.apply(WANTED);
  await setup.check();
  assert.equal(setup.nft.writes, 2);
  assert.deepEqual(setup.interception.state, {
    ok: true,
    detail: "guard all, redirect to port 8181",
    repairs: 0,
  });
});

Deno.test("Interception.apply() throws when the rules do not read back", async () => {
  await using setup = new Setup();
  setup.nft.isForgetful = true;
  await assert.rejects(setup.interception.apply(WANTED), {
    name: "InterceptionError",
    message:
      "The rules were written, but read back otherwise: no table inet saassigner",
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
    "warn Interception rules were missing or changed; restored: no table inet saassigner",
    "warn Interception rules were missing or changed; restored: table inet saassigner differs; no chain guard; no chain prerouting",
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
    repairs: 0,
  });
  setup.nft.failure = undefined;
  await setup.check();
  assert.ok(setup.interception.state.ok);
  assert.equal(setup.interception.state.repairs, 1);
  assert.deepEqual(setup.lines.map((line) => line.split(" ")[0]), [
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
