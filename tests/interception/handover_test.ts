import assert from "node:assert/strict";
import { Interception } from "../../src/interception/interception.ts";
import { createNftables } from "../../src/interception/nftables.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { FakeNft } from "./fake_nft.ts";

const HOST = "10.128.0.2";

/** One node with one kernel, and daemons that listen or do not. */
class Node {
  readonly nft = new FakeNft();
  readonly time = new ManualTime();
  readonly served = new Set<number>();

  /** Starts a daemon, which does not have the redirect yet. */
  start(port: number): Daemon {
    this.time.advance(1);
    this.served.add(port);
    return new Daemon(this, port);
  }

  /** Port that pods' requests are led to. */
  get port(): number | undefined {
    const text = JSON.stringify(this.nft.elements ?? []);
    const [, port] = /"dnat":\{[^}]*"port":(\d+)/.exec(text) ?? [];
    return port === undefined ? undefined : Number(port);
  }
}

class Daemon {
  readonly #wanted;
  readonly interception: Interception;
  mayRepair = true;

  constructor(node: Node, port: number) {
    this.#wanted = {
      guard: "all",
      redirect: {
        hostIP: HOST,
        match: { kind: "not", name: "eth0" },
        listener: { address: "0.0.0.0", port, otherPort: 16_364 - port },
        connectionsPerPod: 256,
        refuseDirect: false,
      },
    } as const;
    this.interception = new Interception({
      backend: createNftables(node.nft.run),
      address: "169.254.169.254",
      ipv6Address: "fd20:ce::254",
      clock: clockOf(node.time),
      log: () => {},
      isServed: ({ host, port }) =>
        Promise.resolve(host === HOST && node.served.has(port)),
      mayRepair: () => this.mayRepair,
    });
  }

  async takeOver(): Promise<void> {
    await this.interception.apply(this.#wanted, { takesOver: true });
  }

  /** As a change of the configuration does it. */
  async apply(): Promise<void> {
    await this.interception.apply(this.#wanted);
  }
}

Deno.test("Interception: the elder of two daemons leaves the redirect to the younger", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  const younger = node.start(8183);
  await younger.takeOver();
  const { writes } = node.nft;
  await elder.interception.check();
  await elder.apply();
  assert.equal(node.nft.writes, writes);
  assert.equal(node.port, 8183);
  assert.deepEqual(elder.interception.state, {
    ok: true,
    detail: "another daemon of this node has taken over, on port 8183",
    drifts: 0,
    repairs: 0,
    isSuperseded: true,
  });
  assert.ok(!younger.interception.state.isSuperseded);
});

Deno.test("Interception: the younger daemon restores what the elder wrote late", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  const late = node.nft.elements;
  const younger = node.start(8183);
  await younger.takeOver();
  node.nft.elements = late;
  await younger.interception.check();
  assert.equal(node.port, 8183);
  assert.equal(younger.interception.state.repairs, 1);
});

Deno.test("Interception: the elder has the redirect back if the younger dies", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  const younger = node.start(8183);
  await younger.takeOver();
  await elder.interception.check();
  node.served.delete(8183);
  await elder.interception.check();
  assert.equal(node.port, 8181);
  assert.ok(!elder.interception.state.isSuperseded);
  // Back again, the younger is the elder one now.
  node.served.add(8183);
  await younger.interception.check();
  assert.equal(node.port, 8181);
  assert.ok(younger.interception.state.isSuperseded);
});

Deno.test("Interception: a daemon takes over though its clock is behind", async () => {
  const node = new Node();
  node.time.advance(1_000_000);
  await node.start(8181).takeOver();
  node.time.advance(-900_000);
  const younger = node.start(8183);
  await younger.takeOver();
  assert.equal(node.port, 8183);
  await younger.interception.check();
  assert.ok(!younger.interception.state.isSuperseded);
});

Deno.test("Interception: a daemon on the same port goes on where the one before ended", async () => {
  const node = new Node();
  node.time.advance(1_000_000);
  await node.start(8181).takeOver();
  node.time.advance(-900_000);
  const { writes } = node.nft;
  const next = node.start(8181);
  await next.takeOver();
  await next.interception.check();
  assert.equal(node.nft.writes, writes);
  assert.ok(!next.interception.state.isSuperseded);
});

Deno.test("Interception: a superseded daemon looks every second, and restores nothing", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  await node.start(8183).takeOver();
  await elder.interception.check();
  node.nft.elements = node.nft.elements?.filter((element) =>
    !JSON.stringify(element).includes("reject")
  );
  const ending = new AbortController();
  const running = elder.interception.run(() => 10_000, ending.signal);
  const { writes, reads } = node.nft;
  await node.time.asleep(1);
  node.time.advance(1_000);
  await node.time.asleep(1);
  assert.ok(node.nft.reads > reads);
  assert.equal(node.nft.writes, writes);
  ending.abort();
  await running;
});

Deno.test("Interception.look() tells of a later daemon and writes nothing", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  assert.ok(!await elder.interception.look());
  await node.start(8183).takeOver();
  const { writes } = node.nft;
  assert.ok(await elder.interception.look());
  node.nft.elements = [];
  assert.ok(!await elder.interception.look());
  assert.equal(node.nft.writes, writes);
});

Deno.test("Interception: a superseded daemon stays so while the rules cannot be read", async () => {
  const node = new Node();
  const elder = node.start(8181);
  await elder.takeOver();
  await node.start(8183).takeOver();
  await elder.interception.check();
  node.nft.failure = "Error: not now";
  await elder.interception.check();
  assert.ok(elder.interception.state.isSuperseded);
});

Deno.test("Interception: a check writes nothing while another daemon cares for the rules", async () => {
  const node = new Node();
  const daemon = node.start(8181);
  await daemon.takeOver();
  node.nft.elements = [];
  daemon.mayRepair = false;
  const { writes } = node.nft;
  await daemon.interception.check();
  assert.equal(node.nft.writes, writes);
  daemon.mayRepair = true;
  await daemon.interception.check();
  assert.equal(node.port, 8181);
});
