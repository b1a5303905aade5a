import assert from "node:assert/strict";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import { NodeInterception } from "../../src/interception/node_interception.ts";
import { findOwnRules } from "../../src/interception/own_rules.ts";
import type {
  CommandResult,
  RunCommand,
} from "../../src/interception/run_command.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import {
  createNode,
  HOST_IP,
  type Kind,
  KINDS,
  LISTENER,
  METADATA,
  SETTINGS,
} from "./guarded_node.ts";
import type { Network } from "./network.ts";

/** What a command line is answered instead of being run; undefined to run it. */
type Trouble = (line: string) => CommandResult | InterceptionError | undefined;

function withTrouble(network: Network, trouble: Trouble): RunCommand {
  return async (command, args, options) => {
    const answer = trouble([command, ...args].join(" "));
    if (answer instanceof InterceptionError) throw answer;
    return answer ?? await network.runInNode(command, args, options);
  };
}

function failure(stderr: string): CommandResult {
  return { code: 1, stdout: "", stderr };
}

interface Kept {
  readonly interception: NodeInterception;
  readonly time: ManualTime;
  readonly lines: string[];
}

function keep(network: Network, kind: Kind, trouble: Trouble): Kept {
  const time = new ManualTime();
  const lines: string[] = [];
  const interception = new NodeInterception({
    backend: kind === "nftables" ? "nftables" : "iptables",
    address: METADATA,
    ipv6Address: "fd20:ce::254",
    runCommand: withTrouble(network, trouble),
    followCommand: undefined,
    ownAddresses: () => [{ name: "eth0", address: HOST_IP }],
    clock: clockOf(time),
    log: (level, message) => lines.push(`${level} ${message}`),
  });
  return { interception, time, lines };
}

async function placesOf(network: Network): Promise<readonly string[]> {
  const { found } = await findOwnRules(network.runInNode);
  return found.map(({ place }) => place).toSorted();
}

const LATE = new InterceptionError("nft did not end within 10 seconds");

Deno.test("a tool that is late at the start costs no guard of the process before", async () => {
  await using network = await createNode("iptables-legacy");
  await keep(network, "iptables-legacy", () => undefined)
    .interception.redirect(SETTINGS, LISTENER);
  const before = await placesOf(network);
  let isFirst = true;
  const { interception, lines } = keep(network, "iptables-legacy", (line) => {
    const isLate = isFirst && line.includes("--check");
    if (isLate) isFirst = false;
    return isLate || line.endsWith("-save") ? LATE : undefined;
  });
  await interception.guard(SETTINGS);
  await interception.run(() => 10_000, AbortSignal.abort());
  const after = await placesOf(network);
  assert.deepEqual(before.filter((place) => !after.includes(place)), []);
  assert.ok(!isFirst);
  assert.ok(lines.includes("warn Rules are left out"));
});

for (const kind of KINDS) {
  Deno.test(`with ${kind}, a kernel without IPv6 is served in IPv4`, async () => {
    await using network = await createNode(kind);
    await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
    const { interception } = keep(
      network,
      kind,
      (line) =>
        /^(ip6tables|ip -6)/.test(line)
          ? failure("Address family not supported by protocol")
          : undefined,
    );
    await interception.guard(SETTINGS);
    await interception.redirect(SETTINGS, LISTENER);
    assert.ok(interception.state.ok, interception.state.detail);
    assert.deepEqual(await network.ask("ptp", METADATA), ["DAEMON 10.5.0.11"]);
  });

  Deno.test(`with ${kind}, a metadata address of the node's own stays open to the node`, async () => {
    await using network = await createNode(kind);
    await network.exec(
      "node",
      "ip",
      "addr",
      "add",
      `${METADATA}/32`,
      "dev",
      "lo",
    );
    await network.serve("node", "LOCAL", `${METADATA}:80`);
    const { interception } = keep(network, kind, () => undefined);
    await interception.guard(SETTINGS);
    assert.deepEqual(await network.ask("node", METADATA), [
      `LOCAL ${METADATA}`,
    ]);
  });
}

Deno.test("a kernel without nftables has a third guard, and rules that can be removed", async () => {
  await using network = await createNode("iptables-legacy");
  const trouble: Trouble = (line) =>
    /^nft |^ip6?tables-nft/.test(line)
      ? failure("cache initialization failed: Invalid argument")
      : undefined;
  const { interception } = keep(network, "iptables-legacy", trouble);
  await interception.guard(SETTINGS);
  await network.exec("node", ..."iptables-legacy -w 5 -F".split(" "));
  assert.deepEqual(await network.ask("ptp", METADATA), ["no route"]);
  const { found, failures } = await findOwnRules(withTrouble(network, trouble));
  assert.deepEqual(failures, []);
  for (const { remove } of found) await remove();
  assert.deepEqual(await placesOf(network), []);
});

Deno.test("rules that iptables-nft hides are not taken for none", async () => {
  await using network = await createNode("iptables-nft");
  const { interception } = keep(network, "iptables-nft", () => undefined);
  await interception.guard(SETTINGS);
  await network.exec(
    "node",
    "nft",
    "add rule ip filter FORWARD ct state vmap { established : accept, invalid : drop }",
  );
  const { failures } = await findOwnRules(network.runInNode);
  assert.match(String(failures[0]), /does not show a table/);
});

Deno.test("a change that cannot be had yet is tried again, and its guard is in force", async () => {
  await using network = await createNode("nftables");
  await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
  const { interception, time } = keep(network, "nftables", () => undefined);
  await interception.redirect({ ...SETTINGS, guard: "http" }, LISTENER);
  const ending = new AbortController();
  const running = interception.run(() => 10_000, ending.signal);
  const next = { ...SETTINGS, interfaces: ["late0"] };
  await interception.change(next, LISTENER);
  assert.ok(!interception.state.ok);
  assert.match(interception.state.detail, /late0 is not on this node/);
  assert.deepEqual(await network.ask("ptp", METADATA), ["DAEMON 10.5.0.11"]);
  assert.deepEqual(await network.ask("ptp", `${METADATA}:443`), ["refused"]);
  await network.exec("node", ..."ip link add late0 type bridge".split(" "));
  await time.asleep(2);
  time.advance(10_000);
  for (let looks = 0; looks < 200 && !interception.state.ok; looks++) {
    await network.exec("node", "true");
  }
  assert.ok(interception.state.ok, interception.state.detail);
  assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
  // Of two changes, the last one counts.
  await Promise.all([
    interception.change({ ...SETTINGS, guard: "http" }, LISTENER),
    interception.change(SETTINGS, LISTENER),
  ]);
  assert.match(interception.state.detail, /^guard all/);
  ending.abort();
  await running;
});
