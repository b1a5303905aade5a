import assert from "node:assert/strict";
import { Interception } from "../../src/interception/interception.ts";
import { matchInterfaces } from "../../src/interception/interface_match.ts";
import type { LogFields } from "../../src/telemetry/log.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { Network } from "./network.ts";

const HOST_IP = "10.128.0.2";
const METADATA = "169.254.169.254";
const METADATA_IPV6 = "[fd20:ce::254]";
const OWN = [
  { name: "lo", address: "127.0.0.1" },
  { name: "eth0", address: HOST_IP },
  { name: "eth0", address: "fd00:128::2" },
  { name: "cbr0", address: "10.4.0.1" },
];
const PODS = [
  { space: "bridged", ip: "10.4.0.11", ipv6: "fd00:4::11" },
  { space: "ptp", ip: "10.5.0.11", ipv6: "fd00:5::11" },
] as const;
const BACKENDS = ["iptables", "nftables"] as const;

interface Keeper {
  readonly interception: Interception;
  readonly lines: readonly {
    readonly level: string;
    readonly fields: LogFields;
  }[];
  /** Runs one check. */
  check(): Promise<void>;
}

function keep(
  network: Network,
  backend: typeof BACKENDS[number],
  stack: AsyncDisposableStack,
): Keeper {
  const time = new ManualTime();
  const lines: { level: string; fields: LogFields }[] = [];
  const interception = new Interception({
    backend,
    address: METADATA,
    ipv6Address: "fd20:ce::254",
    runCommand: network.runInNode,
    clock: clockOf(time),
    log: (level, _message, fields = {}) => lines.push({ level, fields }),
  });
  const ending = new AbortController();
  const running = interception.run(() => 10_000, ending.signal);
  stack.defer(() => {
    ending.abort();
    return running;
  });
  const check = async (): Promise<void> => {
    await time.asleep(1);
    time.advance(10_000);
    await time.asleep(1);
  };
  return { interception, lines, check };
}

for (const backend of BACKENDS) {
  Deno.test(`Interception with ${backend} keeps pods from the real server`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await Network.create());
    const { interception, lines, check } = keep(network, backend, stack);
    const { match } = matchInterfaces([], OWN, HOST_IP);
    const wanted = {
      hostIP: HOST_IP,
      match,
      guard: "all",
      port: 8181,
    } as const;

    const askAll = async (host: string): Promise<readonly string[]> => {
      const answers = await Promise.all(
        PODS.map(({ space }) => network.ask(space, host, 20)),
      );
      return answers.flat();
    };

    await t.step(
      "without rules the pods reach it, as the set-up should",
      async () => {
        assert.deepEqual(
          await askAll(METADATA),
          PODS.map(({ ip }) => `NODE-SECRET ${ip}`),
        );
        assert.deepEqual(
          await askAll(METADATA_IPV6),
          PODS.map(({ ipv6 }) => `NODE-SECRET ${ipv6}`),
        );
      },
    );

    await t.step(
      "the guard alone refuses at once, in both families",
      async () => {
        await interception.apply({ ...wanted, port: undefined });
        assert.deepEqual(interception.state, {
          ok: true,
          detail: "guard all, redirect not wanted yet",
          repairs: 0,
        });
        for (const host of [METADATA, METADATA_IPV6, `${METADATA}:443`]) {
          assert.deepEqual(await askAll(host), ["refused", "refused"], host);
        }
      },
    );

    await t.step("a redirect to a closed port is refused at once", async () => {
      await interception.apply(wanted);
      assert.deepEqual(await askAll(METADATA), ["refused", "refused"]);
    });

    await t.step("the redirect keeps each pod's address", async () => {
      await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
      assert.deepEqual(
        await askAll(METADATA),
        PODS.map(({ ip }) => `DAEMON ${ip}`),
      );
      assert.deepEqual(await askAll(METADATA_IPV6), ["refused", "refused"]);
      assert.deepEqual(await askAll(`${METADATA}:8080`), [
        "refused",
        "refused",
      ]);
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
      await interception.apply(wanted);
      await check();
      assert.equal(interception.state.repairs, 0);
      assert.equal(lines.at(-1)?.fields["written"], undefined);
    });

    await t.step("guard alone again leaves the redirect as it is", async () => {
      await interception.apply({ ...wanted, guard: "http", port: undefined });
      assert.deepEqual(
        await askAll(METADATA),
        PODS.map(({ ip }) => `DAEMON ${ip}`),
      );
      await interception.apply(wanted);
    });

    await t.step(
      "what another program removes is restored by one check",
      async () => {
        await REMOVE_REDIRECT[backend](network);
        assert.deepEqual(await askAll(METADATA), ["refused", "refused"]);
        await check();
        assert.deepEqual(
          await askAll(METADATA),
          PODS.map(({ ip }) => `DAEMON ${ip}`),
        );
        assert.deepEqual(interception.state, {
          ok: true,
          detail: "guard all, redirect to port 8181",
          repairs: 1,
        });
        const warning = lines.find(({ level }) => level === "warn");
        assert.match(String(warning?.fields["missing"]), MISSING[backend]);
      },
    );

    await t.step("nothing leaks while it is removed and restored", async () => {
      const asked = Promise.all(
        PODS.map(({ space }) => network.ask(space, METADATA, 400)),
      );
      for (let round = 0; round < 5; round++) {
        await REMOVE_REDIRECT[backend](network);
        await check();
      }
      for (const [index, answers] of (await asked).entries()) {
        const right = `DAEMON ${PODS[index]?.ip}`;
        assert.deepEqual(
          answers.filter((answer) => answer !== "refused"),
          [right],
        );
      }
      assert.equal(interception.state.repairs, 6);
    });

    await t.step("all of it removed is restored by one check", async () => {
      await network.exec("node", "nft", "flush", "ruleset");
      await check();
      assert.equal(interception.state.repairs, 7);
      assert.deepEqual(
        await askAll(METADATA),
        PODS.map(({ ip }) => `DAEMON ${ip}`),
      );
      assert.deepEqual(await askAll(METADATA_IPV6), ["refused", "refused"]);
    });

    await t.step(
      "concealment above ours is beaten within one check",
      async () => {
        const rule =
          `-p tcp ! -i eth0 -d ${METADATA} --dport 80 -j DNAT --to-destination 10.128.0.1:80`;
        await network.exec(
          "node",
          ..."iptables -w 5 -t nat -I PREROUTING".split(" "),
          ...rule.split(" "),
        );
        await check();
        assert.deepEqual(
          await askAll(METADATA),
          PODS.map(({ ip }) => `DAEMON ${ip}`),
        );
      },
    );

    await t.step("packets out of connection tracking do not leak", async () => {
      const rule = `-d ${METADATA} -p tcp --dport 80 -j CT --notrack`;
      await network.exec(
        "node",
        ..."iptables -w 5 -t raw -I PREROUTING".split(" "),
        ...rule.split(" "),
      );
      assert.deepEqual(await askAll(METADATA), ["refused", "refused"]);
      await check();
      assert.deepEqual(
        await askAll(METADATA),
        backend === "iptables"
          ? PODS.map(({ ip }) => `DAEMON ${ip}`)
          : ["refused", "refused"],
      );
    });
  });

  Deno.test(`Interception with ${backend} redirects only named interfaces and guards all`, async () => {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await Network.create());
    const { interception, check } = keep(network, backend, stack);
    await network.serve("node", "DAEMON", "[fd00:128::2]:8181");
    const { match } = matchInterfaces(["gke+", "cbr0"], OWN, "fd00:128::2");
    const wanted = {
      hostIP: "fd00:128::2",
      match,
      guard: "http",
      port: 8181,
    } as const;
    await interception.apply(wanted);
    assert.deepEqual(await network.ask("bridged", METADATA_IPV6), [
      "DAEMON fd00:4::11",
    ]);
    assert.deepEqual(await network.ask("ptp", METADATA_IPV6), [
      "DAEMON fd00:5::11",
    ]);
    assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);

    await interception.apply({
      ...wanted,
      match: { kind: "only", names: ["cbr0"] },
    });
    assert.deepEqual(await network.ask("ptp", METADATA_IPV6), ["refused"]);

    await interception.apply({
      ...wanted,
      match: { kind: "only", names: ["+"] },
    });
    assert.deepEqual(await network.ask("ptp", METADATA_IPV6), [
      "DAEMON fd00:5::11",
    ]);

    await interception.apply({ ...wanted, guard: "off" });
    assert.deepEqual(await network.ask("ptp", METADATA), [
      "NODE-SECRET 10.5.0.11",
    ]);
    await check();
    assert.equal(interception.state.repairs, 0);
  });
}

Deno.test("Interception with iptables uses the kind that the kubelet uses", async () => {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await Network.create());
  const { interception, check } = keep(network, "iptables", stack);
  await network.exec(
    "node",
    ..."iptables-legacy -w 5 -t mangle -N KUBE-IPTABLES-HINT".split(" "),
  );
  await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
  await interception.apply({
    hostIP: HOST_IP,
    match: { kind: "not", name: "eth0" },
    guard: "all",
    port: 8181,
  });
  assert.match(
    await network.exec(
      "node",
      ..."iptables-legacy -w 5 -t nat -S PREROUTING".split(" "),
    ),
    /-j SAASSIGNER-METADATA/,
  );
  await network.exec("node", ..."iptables-legacy -w 5 -t nat -F".split(" "));
  assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
  await check();
  assert.equal(interception.state.repairs, 1);
  assert.deepEqual(await network.ask("ptp", METADATA), ["DAEMON 10.5.0.11"]);
  assert.deepEqual(await network.ask("ptp", METADATA_IPV6), ["refused"]);
});

Deno.test("Interception with nftables wakes a table that was switched off", async () => {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await Network.create());
  const { interception, check } = keep(network, "nftables", stack);
  await interception.apply({
    hostIP: HOST_IP,
    match: { kind: "not", name: "eth0" },
    guard: "all",
    port: undefined,
  });
  await network.exec(
    "node",
    "nft",
    "add table inet saassigner { flags dormant ; }",
  );
  assert.deepEqual(await network.ask("ptp", METADATA), [
    "NODE-SECRET 10.5.0.11",
  ]);
  await check();
  assert.equal(interception.state.repairs, 1);
  assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
});

const REMOVE_REDIRECT = {
  iptables: async (network: Network): Promise<void> => {
    await network.exec("node", ..."iptables -w 5 -t nat -F".split(" "));
  },
  nftables: async (network: Network): Promise<void> => {
    await network.exec(
      "node",
      ..."nft flush chain inet saassigner prerouting".split(" "),
    );
  },
};

const MISSING = {
  iptables:
    /^IPv4 nat: no jump from PREROUTING to SAASSIGNER-METADATA; IPv4 nat: chain SAASSIGNER-METADATA differs$/,
  nftables: /^chain prerouting differs$/,
};
