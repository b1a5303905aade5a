import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import {
  createNode,
  HOST_IP,
  type Kind,
  KINDS,
  METADATA,
} from "./guarded_node.ts";
import type { Network } from "./network.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const PROGRAM = [Deno.execPath(), "run", "--no-prompt", "--allow-all", MAIN];
const CAUGHT = `-d ${METADATA}/32 -p tcp -m tcp --dport 80`;
const NO_TRACK = `${CAUGHT} -j CT --notrack`;
const CONCEALMENT =
  `${CAUGHT} -m comment --comment metadata-concealment -j DNAT --to-destination 169.254.169.252:988`;

function flagsOf(kind: Kind): readonly string[] {
  const backend = kind === "nftables" ? "nftables" : "iptables";
  return [`--interception-backend=${backend}`, `--host-ip=${HOST_IP}`];
}

/** The findings about the interception, without what cannot be reached from this node. */
interface Examined {
  readonly code: number;
  readonly findings: readonly Finding[];
  /** Status and detail of each finding of a name. */
  of(name: string): readonly string[];
}

async function examine(
  network: Network,
  kind: Kind,
  prefix: readonly string[] = [],
): Promise<Examined> {
  const [tool = "", ...args] = [
    ...prefix,
    ...PROGRAM,
    ...["doctor", "--output=json", "--api-server=http://127.0.0.1:1"],
    "--metadata-addr=127.0.0.1:1",
    ...flagsOf(kind),
  ];
  const { code, stdout, stderr } = await network.runInNode(tool, args, {
    timeoutMs: 60_000,
  });
  assert.equal(stderr, "");
  const { findings }: { readonly findings: readonly Finding[] } = JSON.parse(
    stdout,
  );
  return {
    code,
    findings,
    of: (name) =>
      findings.filter((each) => each.name === name)
        .map(({ status, detail }) => `${status}: ${detail}`),
  };
}

async function install(network: Network, kind: Kind): Promise<void> {
  await network.exec(
    "node",
    ...PROGRAM,
    "interception",
    "install",
    ...flagsOf(kind),
  );
}

for (const kind of KINDS) {
  /** The tools of this node's kind, and those that its rules do not see. */
  const [own, other] = kind === "iptables-legacy"
    ? ["iptables-legacy", "iptables-nft"] as const
    : ["iptables-nft", "iptables-legacy"] as const;
  const isIptables = kind !== "nftables";

  Deno.test(`doctor looks at the rules of a node with ${kind}`, async (t) => {
    await using network = await createNode(kind);
    const rule = (line: string): Promise<string> =>
      network.exec("node", ...line.split(" "));

    await t.step("missing", async () => {
      const { code, findings, of } = await examine(network, kind);
      assert.equal(code, 3);
      const groups = findings.filter(({ name }) =>
        name.startsWith("interception: ")
      );
      assert.deepEqual(
        groups.map(({ name }) => name.replace("interception: ", "")),
        isIptables
          ? ["IPv4", "IPv6", "second guard", "IPv4 routing", "IPv6 routing"]
          : ["nftables", "IPv4 routing", "IPv6 routing"],
      );
      for (const { name, status, detail, fix = "" } of groups) {
        assert.equal(status, "failed", name);
        assert.match(detail, /^(\w+: )?no /, name);
        assert.match(fix, /interception install/);
      }
      assert.deepEqual(of("interception target"), [
        `failed: nothing listens on ${HOST_IP} port 8181: pods' requests are refused`,
      ]);
      assert.deepEqual(of("connection tracking"), [
        "ok: no rule keeps pods' requests from it",
      ]);
      assert.deepEqual(of("redirects of others"), ["ok: none"]);
    });

    await install(network, kind);
    await network.serve("node", "DAEMON", `${HOST_IP}:8181`);

    await t.step("installed", async () => {
      const { findings } = await examine(network, kind);
      const about = findings.filter(({ name }) =>
        /interception|tracking|redirects/.test(name)
      );
      assert.ok(about.length >= 7);
      assert.deepEqual(about.filter(({ status }) => status !== "ok"), []);
    });

    await t.step("a NOTRACK rule of others, which ours pass by", async () => {
      if (!isIptables) return;
      await rule(`${own} -w 5 -t raw -A PREROUTING ${NO_TRACK}`);
      assert.deepEqual(
        (await examine(network, kind)).of("connection tracking"),
        [
          `ok: passed by, ours comes first: ${own}, raw PREROUTING: PREROUTING ${NO_TRACK}`,
        ],
      );
      assert.deepEqual(await network.ask("ptp", METADATA), [
        "DAEMON 10.5.0.11",
      ]);
      await rule(`${own} -w 5 -t raw -D PREROUTING ${NO_TRACK}`);
    });

    const blind = isIptables ? other : own;
    await t.step(`a NOTRACK rule of ${blind}, which ours do not`, async () => {
      await rule(`${blind} -w 5 -t raw -I PREROUTING ${NO_TRACK}`);
      const { code, findings, of } = await examine(network, kind);
      assert.equal(code, 3);
      assert.deepEqual(of("connection tracking"), [
        `failed: pods' requests are refused, for no redirect sees them: ${blind}, raw PREROUTING: PREROUTING ${NO_TRACK}`,
      ]);
      assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
      const { fix = "" } = findings.find(({ name }) =>
        name === "connection tracking"
      ) ?? {};
      // What it says to do helps.
      await rule(fix.replace(/;.*/, ""));
      assert.deepEqual(await network.ask("ptp", METADATA), [
        "DAEMON 10.5.0.11",
      ]);
    });

    await t.step("a table of nftables that does not track", async () => {
      await rule("nft add table inet other");
      await rule(
        "nft add chain inet other early { type filter hook prerouting priority -300 ; }",
      );
      await rule(
        `nft add rule inet other early ip daddr ${METADATA} tcp dport 80 notrack`,
      );
      const { of } = await examine(network, kind);
      assert.match(
        of("connection tracking").join(),
        /^failed: pods' requests are refused, .*: nft, inet other early: \[/,
      );
      assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
      await rule("nft delete table inet other");
    });

    await t.step("GKE's concealment, below ours and above", async () => {
      await rule(`${own} -w 5 -t nat -A PREROUTING ${CONCEALMENT}`);
      const below = await examine(network, kind);
      assert.deepEqual(below.of("redirects of others"), [
        `ok: passed by, ours comes first: GKE's metadata concealment, ${own}, nat PREROUTING: PREROUTING ${CONCEALMENT}`,
      ]);
      await rule(`${own} -w 5 -t nat -D PREROUTING ${CONCEALMENT}`);
      if (!isIptables) return;
      await rule(`${own} -w 5 -t nat -I PREROUTING 1 ${CONCEALMENT}`);
      const above = await examine(network, kind);
      assert.equal(above.code, 3);
      assert.match(
        above.of("redirects of others").join(),
        /^failed: pods' requests are led elsewhere: GKE's metadata concealment/,
      );
      assert.match(
        above.of("interception: IPv4").join(),
        /^failed: nat: jump from PREROUTING to SAASSIGNER-METADATA is not the first rule$/,
      );
      await rule(`${own} -w 5 -t nat -D PREROUTING ${CONCEALMENT}`);
    });

    await t.step("rules that another backend has", async () => {
      const before: Kind = isIptables ? "nftables" : "iptables-nft";
      const place = isIptables
        ? "nft table inet saassigner, where"
        : "nft table inet saassigner-guard, iptables-nft, ip6tables-nft, where";
      await install(network, before);
      const both = await examine(network, kind);
      assert.match(
        both.of("interception tool").join(),
        new RegExp(`^warning: rules of ours are in ${place} this node uses `),
      );
      await rule("ip -4 rule del pref 7");
      const { of } = await examine(network, kind);
      assert.match(
        of("interception tool").join(),
        new RegExp(`^failed: rules of ours are in ${place} this node uses `),
      );
    });

    await t.step("without the capability to read rules", async () => {
      const { findings, of } = await examine(network, kind, [
        "setpriv",
        "--bounding-set=-net_admin",
      ]);
      for (const name of ["interception", "interception tool"]) {
        assert.match(
          of(name).join(),
          /^not-checked: \S+ cannot read .*: it needs uid 0 with the capabilities NET_ADMIN and NET_RAW$/,
        );
      }
      assert.match(of("connection tracking").join(), /^not-checked: /);
      assert.deepEqual(
        findings.filter(({ name, status }) =>
          status === "failed" && /interception|tracking|redirects/.test(name)
        ),
        [],
      );
    });
  });
}
