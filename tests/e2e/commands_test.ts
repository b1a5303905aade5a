import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  createNode,
  HOST_IP,
  type Kind,
  KINDS,
  LISTENER,
  METADATA,
  SETTINGS,
  watchedInterception,
} from "./guarded_node.ts";
import type { Network } from "./network.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const PREFIX = ["run", "--no-prompt", "--allow-all", MAIN] as const;

function flagsOf(kind: Kind): readonly string[] {
  const backend = kind === "nftables" ? "nftables" : "iptables";
  return [`--interception-backend=${backend}`, `--host-ip=${HOST_IP}`];
}

async function command(
  network: Network,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const { code, stdout, stderr } = await network.runInNode(
    Deno.execPath(),
    [...PREFIX, "interception", ...args],
    { timeoutMs: 60_000 },
  );
  return { code, out: stdout + stderr };
}

for (const kind of KINDS) {
  Deno.test(`interception install, status and remove with ${kind}`, async (t) => {
    await using network = await createNode(kind);
    const flags = flagsOf(kind);
    const show = async (): Promise<string> => {
      const rules = await network.exec("node", "nft", "list", "ruleset");
      const legacy = await network.exec("node", "iptables-legacy-save");
      const routing = await network.exec("node", "ip", "rule");
      return rules + legacy.replaceAll(/\[\d+:\d+\]|^#.*$/gm, "") + routing;
    };
    const before = withoutEmptyTables(await show());

    await t.step("status of a node without our rules", async () => {
      const { code, out } = await command(network, "status", ...flags);
      assert.equal(code, 1);
      assert.match(
        out,
        kind === "nftables"
          ? /^uses nft table inet saassigner, ip rule: as configured\nnftables: no table inet saassigner\n/
          : new RegExp(
            `^uses ${kind}, ip6${
              kind.slice(2)
            }, nft table inet saassigner-guard, ip rule: where the kubelet has its chains\nIPv4: filter: no jump`,
          ),
      );
      assert.equal(withoutEmptyTables(await show()), before);
    });

    await t.step("the guard alone closes the real server", async () => {
      const { code, out } = await command(
        network,
        "install",
        "--guard-only",
        ...flags,
      );
      assert.equal(code, 0, out);
      assert.match(out, /^written: .*\n/);
      assert.match(out, /\nin place: guard all, redirect not wanted yet\n$/);
      assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
      await network.serve("node", "DAEMON", `${HOST_IP}:8181`);
      assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
    });

    await t.step("all rules, and once more nothing to do", async () => {
      const first = await command(network, "install", ...flags);
      assert.equal(first.code, 0, first.out);
      assert.match(
        first.out,
        /\nin place: guard all, redirect to port 8181\n$/,
      );
      assert.deepEqual(
        await network.ask("ptp", METADATA),
        ["DAEMON 10.5.0.11"],
      );
      assert.deepEqual(await command(network, "install", ...flags), {
        code: 0,
        out: "in place: guard all, redirect to port 8181\n",
      });
    });

    await t.step("status shows the rules, and what differs", async () => {
      const good = await command(network, "status", ...flags);
      assert.equal(good.code, 0, good.out);
      assert.match(good.out, /: in place\n/);
      assert.match(good.out, /10\.128\.0\.2:8181/);
      assert.match(good.out, /^pref 7 to 169\.254\.169\.254 /m);
      await network.exec("node", "ip", "-4", "rule", "del", "pref", "7");
      const bad = await command(network, "status", ...flags);
      assert.equal(bad.code, 1);
      assert.match(bad.out, /^IPv4 routing: no rule "pref 7 /m);
    });

    await t.step(
      "what another backend has is told, and removed by the daemon",
      async () => {
        const other = kind === "nftables" ? "iptables-nft" : "nftables";
        await command(network, "install", ...flagsOf(other));
        const { out } = await command(network, "status", ...flags);
        assert.match(out, /, left by an earlier configuration:\n/);
        const interception = watchedInterception(network, kind);
        await interception.guard(SETTINGS);
        await interception.redirect(SETTINGS, LISTENER);
        await interception.run(() => 1_000, AbortSignal.abort());
        const after = await command(network, "status", ...flags);
        assert.equal(after.code, 0, after.out);
        assert.ok(!after.out.includes("earlier"), after.out);
        assert.deepEqual(
          await network.ask("ptp", METADATA),
          ["DAEMON 10.5.0.11"],
        );
      },
    );

    await t.step("remove leaves nothing", async () => {
      const { code, out } = await command(network, "remove");
      assert.equal(code, 0, out);
      assert.match(out, /^ip rule: removed\n/);
      assert.equal(withoutEmptyTables(await show()), before);
      assert.deepEqual(await network.ask("ptp", METADATA), [
        "NODE-SECRET 10.5.0.11",
      ]);
      assert.deepEqual(await command(network, "remove"), {
        code: 0,
        out: "There are no rules of this program\n",
      });
    });
  });
}

/** iptables leaves its built-in tables and chains where it once was used. */
function withoutEmptyTables(rules: string): string {
  return rules
    .replaceAll(/^\t\ttype \w+ hook .*\n|^:[A-Z]+ ACCEPT *\n/gm, "")
    .replaceAll(/^\tchain [A-Z]+ \{\s*\}\n/gm, "")
    .replaceAll(/^table ip6? \w+ \{\s*\}\n|^\*\w+\s+COMMIT\n/gm, "")
    .replaceAll(/\n+/g, "\n");
}

Deno.test("interception refuses what cannot be meant, and says why", async (t) => {
  await using network = await createNode("nftables");
  const [backend = "", hostIP = ""] = flagsOf("nftables");
  const cases = [
    {
      name: "a host IP of another node",
      args: ["install", backend, "--host-ip=10.128.0.9"],
      code: 1,
      out: /The host IP 10\.128\.0\.9 is not an address of this node/,
    },
    {
      name: "a port of a bridge",
      args: ["install", backend, hostIP, "--host-interface=veth+"],
      code: 1,
      out: /veth\+ is a port of the bridge cbr0 .*; name cbr0/,
    },
    {
      name: "an interface that is not there",
      args: ["status", backend, hostIP, "--host-interface=docker0"],
      code: 1,
      out: /docker0 is not on this node/,
    },
    {
      name: "no backend",
      args: ["install", "--interception-backend=none", hostIP],
      code: 2,
      out:
        /^--interception-backend: interception\.backend: is "none", so that there are no rules; expected iptables or nftables\n$/,
    },
    {
      name: "an unknown flag",
      args: ["install", "--guard", backend, hostIP],
      code: 2,
      out: /--guard/,
    },
    {
      name: "arguments of remove",
      args: ["remove", backend],
      code: 2,
      out: /^interception remove takes no arguments\nUsage:/,
    },
    {
      name: "an unknown subcommand",
      args: ["uninstall"],
      code: 2,
      out:
        /^interception "uninstall" is unknown; expected install, status or remove\n/,
    },
  ];
  for (const { name, args, code, out } of cases) {
    await t.step(name, async () => {
      const result = await command(network, ...args);
      assert.equal(result.code, code, result.out);
      assert.match(result.out, out);
    });
  }

  await t.step("a process without the capability", async () => {
    const without = ["--bounding-set=-net_admin", Deno.execPath(), ...PREFIX];
    for (const start of [["interception", "install"], ["--node=x"]]) {
      const { code, stderr } = await network.runInNode(
        "setpriv",
        [
          ...without,
          ...start,
          backend,
          hostIP,
          ...start.length === 1 ? ["--api-server=http://127.0.0.1:1"] : [],
        ],
        { timeoutMs: 60_000 },
      );
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /nft cannot (read|write) the rules: it needs uid 0 with the capabilities NET_ADMIN and NET_RAW/,
      );
    }
  });
});
