import assert from "node:assert/strict";
import type { WantedInterception } from "../../src/interception/family_rules.ts";
import {
  GuardedNode,
  HOST_IP,
  type Kind,
  KINDS,
  METADATA,
  METADATA_IPV6,
  PODS,
  REDIRECT,
  REFUSED,
  RIGHT,
  WANTED,
} from "./guarded_node.ts";

const GUARD_ALONE: WantedInterception = { ...WANTED, redirect: undefined };
const REAL = PODS.map(({ ip }) => `NODE-SECRET ${ip}`);
const REAL_IPV6 = PODS.map(({ ipv6 }) => `NODE-SECRET ${ipv6}`);

for (const kind of KINDS) {
  Deno.test(`Interception with ${kind} keeps pods from the real server`, async (t) => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;

    await t.step(
      "without rules the pods reach it, as the set-up should",
      async () => {
        assert.deepEqual(await node.askAll(METADATA), REAL);
        assert.deepEqual(await node.askAll(METADATA_IPV6), REAL_IPV6);
      },
    );

    await t.step(
      "the guard alone refuses at once, in both families",
      async () => {
        await interception.apply(GUARD_ALONE);
        assert.deepEqual(interception.state, {
          ok: true,
          detail: "guard all, redirect not wanted yet",
          drifts: 0,
          repairs: 0,
          isSuperseded: false,
        });
        for (const host of [METADATA, METADATA_IPV6, `${METADATA}:443`]) {
          assert.deepEqual(await node.askAll(host), REFUSED, host);
        }
      },
    );

    await t.step("a redirect to a closed port is refused at once", async () => {
      await interception.apply(WANTED);
      assert.deepEqual(await node.askAll(METADATA), REFUSED);
    });

    await t.step("the redirect keeps each pod's address", async () => {
      await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
      assert.deepEqual(await node.askAll(METADATA), RIGHT);
      assert.deepEqual(await node.askAll(METADATA_IPV6), REFUSED);
      assert.deepEqual(await node.askAll(`${METADATA}:8080`), REFUSED);
    });

    await t.step("the node's own processes are not touched", async () => {
      assert.deepEqual(await network.ask("node", METADATA), [
        `NODE-SECRET ${HOST_IP}`,
      ]);
      assert.deepEqual(await network.ask("node", METADATA_IPV6), [
        "NODE-SECRET fd00:128::2",
      ]);
    });

    await t.step("rules in order are not written again", async () => {
      assert.deepEqual(await interception.apply(WANTED), []);
      await node.check();
      assert.equal(interception.state.drifts, 0);
    });

    await t.step("guard alone again leaves the redirect as it is", async () => {
      await interception.apply({ ...GUARD_ALONE, guard: "http" });
      assert.deepEqual(await node.askAll(METADATA), RIGHT);
      await interception.apply(WANTED);
    });

    for (const { name, commands, missing, meanwhile } of DAMAGES[kind]) {
      await t.step(`${name} is repaired by one check`, async () => {
        const { repairs } = interception.state;
        for (const command of commands) await node.inNode(command);
        assert.deepEqual(await node.askAll(METADATA), meanwhile);
        await node.check();
        assert.deepEqual(await node.askAll(METADATA), RIGHT);
        assert.deepEqual(await node.askAll(METADATA_IPV6), REFUSED);
        const { ok, detail, repairs: repaired } = interception.state;
        assert.ok(ok, detail);
        assert.equal(repaired, repairs + 1);
        const warning = node.lines.findLast(({ level }) => level === "warn");
        assert.match(String(warning?.fields["missing"]), missing);
      });
    }

    await t.step("all rules of netfilter removed are restored", async () => {
      await node.inNode("nft flush ruleset");
      assert.deepEqual(
        await node.askAll(METADATA, 1),
        kind === "iptables-legacy" ? RIGHT : PODS.map(() => "no route"),
      );
      assert.deepEqual(
        await network.ask("node", METADATA),
        [`NODE-SECRET ${HOST_IP}`],
      );
      await node.check();
      assert.deepEqual(await node.askAll(METADATA), RIGHT);
      assert.deepEqual(await node.askAll(METADATA_IPV6), REFUSED);
    });

    await t.step("concealment is beaten from the next check on", async () => {
      const rule =
        `-t nat -I PREROUTING -p tcp ! -i eth0 -d ${METADATA} --dport 80 -j DNAT --to-destination 10.128.0.1:80`;
      await node.inNode(`${iptablesOf(kind)} -w 5 ${rule}`);
      await node.check();
      assert.deepEqual(await node.askAll(METADATA), RIGHT);
    });

    await t.step("packets out of connection tracking do not leak", async () => {
      const rule =
        `-t raw -I PREROUTING -d ${METADATA} -p tcp --dport 80 -j CT --notrack`;
      await node.inNode(`${iptablesOf(kind)} -w 5 ${rule}`);
      assert.deepEqual(await node.askAll(METADATA), REFUSED);
      await node.check();
      assert.deepEqual(
        await node.askAll(METADATA),
        kind === "nftables" ? REFUSED : RIGHT,
      );
    });
  });
}

/** The iptables that stands for other programs. */
function iptablesOf(kind: Kind): string {
  return kind === "nftables" ? "iptables" : kind;
}

interface Damage {
  readonly name: string;
  readonly commands: readonly string[];
  /** What the log says of it. */
  readonly missing: RegExp;
  /** What pods are answered until it is repaired. */
  readonly meanwhile: readonly string[];
}

const DAMAGES: Readonly<Record<Kind, readonly Damage[]>> = {
  "iptables-nft": iptablesDamages("iptables-nft"),
  "iptables-legacy": iptablesDamages("iptables-legacy"),
  nftables: [
    {
      name: "an emptied redirect",
      commands: ["nft flush chain inet saassigner prerouting"],
      missing: /^nftables: chain prerouting differs$/,
      meanwhile: REFUSED,
    },
    {
      name: "a removed guard",
      commands: [
        "nft flush chain inet saassigner guard",
        "nft delete chain inet saassigner guard",
      ],
      missing: /^nftables: no chain guard$/,
      meanwhile: RIGHT,
    },
    {
      name: "a routing rule too much, and all of IPv6 missing",
      commands: [
        "ip -4 rule add pref 4 to 169.254.169.254 ipproto tcp goto 8 protocol 83",
        "ip -6 rule flush protocol 83",
      ],
      missing:
        /^IPv4 routing: rule .* is too much; (IPv6 routing: no rule .*){4}$/,
      meanwhile: RIGHT,
    },
  ],
};

function iptablesDamages(tool: "iptables-nft" | "iptables-legacy"): Damage[] {
  const iptables = `${tool} -w 5`;
  return [
    {
      name: "an emptied nat table",
      commands: [`${iptables} -t nat -F`],
      missing:
        /^IPv4: nat: no jump from PREROUTING to SAASSIGNER-METADATA; IPv4: nat: chain SAASSIGNER-METADATA differs$/,
      meanwhile: REFUSED,
    },
    {
      name: "everything removed from all tables",
      commands: ["filter", "nat", "raw"].flatMap((table) => [
        `${iptables} -t ${table} -F`,
        `${iptables} -t ${table} -X`,
      ]),
      missing: /^IPv4: filter: no jump .* no chain SAASSIGNER-METADATA$/,
      meanwhile: REFUSED,
    },
    {
      name: "a removed guard",
      commands: [`${iptables} -F FORWARD`],
      missing: /^IPv4: filter: no jump from FORWARD to SAASSIGNER-GUARD$/,
      meanwhile: RIGHT,
    },
    {
      name: "a removed second guard",
      commands: ["nft delete table inet saassigner-guard"],
      missing: /^second guard: no table inet saassigner-guard$/,
      meanwhile: RIGHT,
    },
    {
      name: "a removed routing rule",
      commands: ["ip -4 rule del pref 7"],
      missing:
        /^IPv4 routing: no rule "pref 7 to 169.254.169.254 .* prohibit"$/,
      meanwhile: RIGHT,
    },
    {
      name: "a rule of another program before ours",
      commands: [
        `${iptables} -t nat -N OTHER`,
        `${iptables} -t nat -I PREROUTING -j OTHER`,
      ],
      missing:
        /^IPv4: nat: jump from PREROUTING to SAASSIGNER-METADATA is not the first rule$/,
      meanwhile: RIGHT,
    },
    {
      name: "a jump that somebody has doubled",
      commands: [
        `${iptables} -t nat -I PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-METADATA`,
      ],
      missing: /^IPv4: nat: 2 times the jump/,
      meanwhile: RIGHT,
    },
  ];
}

for (const kind of KINDS) {
  Deno.test(`Interception with ${kind} redirects only named interfaces and guards all`, async () => {
    await using node = await GuardedNode.create(kind);
    const { network, interception } = node;
    await network.serve("node", "DAEMON", "[fd00:128::2]:8181");
    const through = (...names: readonly string[]): WantedInterception => ({
      guard: "http",
      redirect: {
        ...REDIRECT,
        hostIP: "fd00:128::2",
        match: { kind: "only", names },
        listener: { address: "fd00:128::2", port: 8181, otherPort: 0 },
      },
    });
    await interception.apply(through("gke+", "cbr0"));
    assert.deepEqual(await node.askAll(METADATA_IPV6), [
      "DAEMON fd00:4::11",
      "DAEMON fd00:5::11",
    ]);
    assert.deepEqual(await node.askAll(METADATA), REFUSED);

    await interception.apply(through("cbr0"));
    assert.deepEqual(await network.ask("ptp", METADATA_IPV6), ["refused"]);

    await interception.apply(through("+"));
    assert.deepEqual(await network.ask("ptp", METADATA_IPV6), [
      "DAEMON fd00:5::11",
    ]);

    await interception.apply({ ...through("+"), guard: "off" });
    assert.deepEqual(await node.askAll(METADATA), REAL);
    await node.check();
    assert.equal(interception.state.drifts, 0);
  });
}

Deno.test("Interception with nftables wakes a table that was switched off", async () => {
  await using node = await GuardedNode.create("nftables");
  await node.interception.apply(GUARD_ALONE);
  await node.network.exec(
    "node",
    "nft",
    "add table inet saassigner { flags dormant ; }",
  );
  assert.deepEqual(await node.askAll(METADATA, 1), ["no route", "no route"]);
  await node.check();
  assert.equal(node.interception.state.repairs, 1);
  assert.deepEqual(await node.askAll(METADATA), REFUSED);
});
