import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { WantedInterception } from "../../src/interception/family_rules.ts";
import {
  GuardedNode,
  HOST_IP,
  KINDS,
  METADATA,
  METADATA_IPV6,
  PODS,
  REDIRECT,
  REFUSED,
  RIGHT,
  WANTED,
} from "./guarded_node.ts";
import type { Network } from "./network.ts";

const INVALID_SENDER = fileURLToPath(
  new URL("send_invalid.py", import.meta.url),
);

for (const kind of KINDS) {
  Deno.test(`with ${kind}, a connection older than the rules is reset`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    const held = PODS.map(({ space }) =>
      network.talk(space, "held_connection_probe.ts", METADATA)
    );
    const answers = (): Promise<readonly string[]> =>
      Promise.all(held.map((connection) => connection.ask()));
    assert.deepEqual(
      await answers(),
      PODS.map(({ ip }) => `NODE-SECRET ${ip}`),
    );
    // Connections of the node itself must go on.
    const own = network.talk("node", "held_connection_probe.ts", METADATA);
    assert.equal(await own.ask(), `NODE-SECRET ${HOST_IP}`);
    await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
    await interception.apply(WANTED);
    assert.deepEqual(await answers(), ["reset", "reset"]);
    assert.equal(await own.ask(), `NODE-SECRET ${HOST_IP}`);
    assert.deepEqual(await node.askAll(METADATA), RIGHT);
  });

  Deno.test(`with ${kind}, invalid packets do not arrive at the real server`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    await countArrivals(network);
    const sendFromAll = async (): Promise<void> => {
      for (const { space, ip } of PODS) {
        await network.exec(space, "python3", INVALID_SENDER, ip, METADATA);
      }
    };
    await sendFromAll();
    assert.equal(await readArrivals(network), 12);
    await interception.apply(WANTED);
    await sendFromAll();
    assert.equal(await readArrivals(network), 12);
  });

  Deno.test(`with ${kind}, one pod cannot take all connections`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    await network.serve("node", "DAEMON", "[::]:8181");
    const wanted: WantedInterception = {
      guard: "all",
      redirect: {
        ...REDIRECT,
        listener: { address: "::", port: 8181, otherPort: 0 },
        connectionsPerPod: 5,
      },
    };
    await interception.apply(wanted);
    await using greedy = network.talk(
      "bridged",
      "open_connections_probe.ts",
      METADATA,
    );
    assert.equal(await greedy.ask("9"), "5");
    assert.equal(await greedy.ask("1"), "0");
    const direct = network.talk(
      ...["bridged", "open_connections_probe.ts", "10.4.0.1", "8181"] as const,
    );
    assert.equal(await direct.ask("1"), "0");
    assert.deepEqual(await network.ask("ptp", METADATA), [RIGHT[1]]);
    // The other address family has a count of its own.
    const greedier = network.talk(
      ...["bridged", "open_connections_probe.ts", "fd00:4::1", "8181"] as const,
    );
    assert.equal(await greedier.ask("9"), "5");
    // The node is not counted: the kubelet's probes must not fail for its pods.
    const probes = network.talk(
      ...["node", "open_connections_probe.ts", HOST_IP, "8181"] as const,
    );
    assert.equal(await probes.ask("9"), "9");
    await node.check();
    assert.equal(interception.state.drifts, 0);

    await greedy[Symbol.asyncDispose]();
    assert.deepEqual(await node.askAll(METADATA, 1), RIGHT);
  });

  Deno.test(`with ${kind}, the port can be closed to what was not redirected`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    await network.serve("node", "DAEMON", "[::]:8181");
    const listener = { address: "::", port: 8181, otherPort: 8183 };
    await interception.apply({
      guard: "all",
      redirect: { ...REDIRECT, listener },
    });
    const ways = ["10.4.0.1:8181", `${HOST_IP}:8181`, "[fd00:4::1]:8181"];
    for (const host of ways) {
      const [answer = ""] = await network.ask("bridged", host);
      assert.match(answer, /^DAEMON /, host);
    }
    await interception.apply({
      guard: "all",
      redirect: { ...REDIRECT, listener, refuseDirect: true },
    });
    for (const host of ways) {
      assert.deepEqual(await node.askAll(host), REFUSED, host);
      const [answer = ""] = await network.ask("node", host);
      assert.match(answer, /^DAEMON /, host);
    }
    assert.deepEqual(await network.ask("gce", `${HOST_IP}:8181`), ["refused"]);
    assert.deepEqual(await node.askAll(METADATA), RIGHT);
    assert.deepEqual(await node.askAll(METADATA_IPV6), REFUSED);
  });
}

/** Counts what arrives at the real server's host from pods, before anything can drop it. */
async function countArrivals(network: Network): Promise<void> {
  for (
    const command of [
      "add table ip seen",
      "add chain ip seen prerouting { type filter hook prerouting priority -400 ; }",
      `add rule ip seen prerouting ip daddr ${METADATA} tcp dport 80 counter`,
    ]
  ) await network.exec("gce", "nft", command);
}

async function readArrivals(network: Network): Promise<number> {
  const text = await network.exec("gce", "nft", "list", "table", "ip", "seen");
  return Number(/counter packets (\d+)/.exec(text)?.[1]);
}
