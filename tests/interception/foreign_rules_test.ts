import assert from "node:assert/strict";
import { readIptablesSave } from "../../src/interception/foreign_iptables.ts";
import { readRuleset } from "../../src/interception/foreign_nftables.ts";
import { findForeignRules } from "../../src/interception/foreign_rules.ts";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import type { RunCommand } from "../../src/interception/run_command.ts";

const M = "169.254.169.254";
const OWN = {
  backend: "iptables",
  address: M,
  ipv6Address: "fd20:ce::254",
} as const;
const JUMP = "-A PREROUTING -m comment --comment saassigner-jump -j ";

function effects(
  table: string,
  rules: readonly string[],
  backend: "iptables" | "nftables" = "iptables",
): readonly string[] {
  const text = [`*${table}`, ":PREROUTING ACCEPT [0:0]", ...rules, "COMMIT"];
  return readIptablesSave(text.join("\n"), {
    place: "iptables-nft",
    address: M,
    backend,
  }).map(({ effect, order }) => `${effect} ${order}`);
}

const IPTABLES = [
  ["raw", `PREROUTING -d ${M}/32 -p tcp -m tcp --dport 80 -j CT --notrack`, 1],
  ["raw", `PREROUTING -d 169.254.0.0/16 -j NOTRACK`, 1],
  ["raw", `cali-PREROUTING -d ${M}/32 -j CT --notrack`, 1],
  ["raw", "PREROUTING -j CT --notrack", 1],
  ["raw", "PREROUTING ! -i eth0 -p tcp -m tcp --dport 80 -j NOTRACK", 1],
  ["raw", 'PREROUTING -m comment --comment "a -d b" -j NOTRACK', 1],
  ["raw", "PREROUTING ! -d 10.0.0.0/8 -j NOTRACK", 1],
  ["raw", "PREROUTING -p tcp -m tcp --dport 1:1024 -j NOTRACK", 1],
  ["raw", `PREROUTING ! -d ${M}/32 -j NOTRACK`, 0],
  ["raw", `OUTPUT -d ${M}/32 -j NOTRACK`, 0],
  [
    "raw",
    "PREROUTING -d 169.254.20.10/32 -p udp -m udp --dport 53 -j NOTRACK",
    0,
  ],
  ["raw", `PREROUTING -d ${M}/32 -p udp -j NOTRACK`, 0],
  ["raw", `PREROUTING -d ${M}/32 -p tcp -m tcp --dport 53 -j NOTRACK`, 0],
  ["raw", `PREROUTING -d ${M}/32 -p tcp -m tcp ! --dport 80 -j NOTRACK`, 0],
  ["raw", "PREROUTING -i lo -j NOTRACK", 0],
  ["raw", "PREROUTING -m mark --mark 0x200/0xf00 -j CT --notrack", 0],
  ["raw", "OTHER -p tcp -j CT --notrack", 0],
  ["raw", `PREROUTING -d ${M}/32 -j CT --zone 1`, 0],
  ["raw", `PREROUTING -d ${M}/32 -j ACCEPT`, 0],
  ["filter", `PREROUTING -d ${M}/32 -j NOTRACK`, 0],
] as const;

Deno.test("readIptablesSave() finds what takes pods' requests out of tracking", async (t) => {
  for (const [table, rule, count] of IPTABLES) {
    await t.step(`${table}: ${rule}`, () => {
      assert.equal(effects(table, [`-A ${rule}`]).length, count);
    });
  }
});

Deno.test("readIptablesSave() finds what leads pods' requests elsewhere", () => {
  const dnat = (match: string): readonly string[] =>
    effects("nat", [`-A PREROUTING ${match}-j DNAT --to-destination 1.2.3.4`]);
  assert.deepEqual(dnat(`-d ${M}/32 -p tcp -m tcp --dport 80 `), [
    "redirects unknown",
  ]);
  assert.deepEqual(
    effects("nat", [
      `-A PREROUTING -d ${M}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 988`,
      `-A PREROUTING -d ${M}/32 -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 987`,
      `-A POSTROUTING -d ${M}/32 -j MASQUERADE`,
    ]),
    ["redirects unknown"],
  );
  assert.deepEqual(dnat("-d 10.96.0.1/32 "), []);
  assert.deepEqual(dnat("-p tcp -m tcp "), []);
});

Deno.test("readIptablesSave() tells whether ours come first, table by table", () => {
  const track = `-A PREROUTING -d ${M}/32 -j NOTRACK`;
  const ours = `${JUMP}SAASSIGNER-TRACK`;
  assert.deepEqual(effects("raw", [ours, track]), ["untracks after-ours"]);
  assert.deepEqual(effects("raw", [track, ours]), ["untracks before-ours"]);
  assert.deepEqual(effects("raw", [track]), ["untracks before-ours"]);
  assert.deepEqual(effects("raw", [track, "COMMIT", "*nat", ours]), [
    "untracks before-ours",
  ]);
  const dnat =
    `-A PREROUTING -d ${M}/32 -j DNAT --to-destination 169.254.169.252:988`;
  assert.deepEqual(effects("nat", [dnat]), ["redirects unknown"]);
  assert.deepEqual(effects("nat", [dnat], "nftables"), [
    "redirects after-ours",
  ]);
  assert.deepEqual(effects("raw", [track], "nftables"), [
    "untracks before-ours",
  ]);
});

Deno.test("readIptablesSave() passes over our own rules", async () => {
  const text = await Deno.readTextFile(
    new URL("../testdata/interception/iptables-nft-save.txt", import.meta.url),
  );
  const context = { place: "iptables-nft", address: M, backend: "iptables" };
  assert.deepEqual(
    readIptablesSave(text, { ...context, backend: "iptables" }),
    [],
  );
});

/** A listing with one rule in one chain. */
function listing(
  expr: readonly unknown[],
  chain: Readonly<Record<string, unknown>> = {},
): string {
  const at = { family: "inet", table: "other", ...chain };
  return JSON.stringify({
    nftables: [
      { metainfo: { version: "1.0.6" } },
      {
        chain: {
          ...{ name: "pre", type: "nat", hook: "prerouting", prio: -100 },
          ...at,
        },
      },
      { rule: { chain: "pre", ...at, expr } },
    ],
  });
}

function match(left: unknown, right: unknown, op = "=="): unknown {
  return { match: { op, left, right } };
}

const daddr = { payload: { protocol: "ip", field: "daddr" } };
const dport = { payload: { protocol: "tcp", field: "dport" } };
const iifname = { meta: { key: "iifname" } };
const DNAT = { dnat: { family: "ip", addr: "1.2.3.4", port: 988 } };
const NO_TRACK = { notrack: null };

const NATIVE = [
  ["the address", [match(daddr, M), NO_TRACK], 1],
  ["every packet", [NO_TRACK], 1],
  ["a network", [
    match(daddr, { prefix: { addr: "169.254.0.0", len: 16 } }),
    NO_TRACK,
  ], 1],
  ["a set, of IPv6", [
    match(daddr, { set: ["::1", "fd20:ce::254"] }),
    match(dport, { set: [53, { range: [80, 90] }] }),
    NO_TRACK,
  ], 1],
  ["another address", [match(daddr, "1.2.3.4"), NO_TRACK], 0],
  ["all but the address", [match(daddr, M, "!="), NO_TRACK], 0],
  ["another port", [match(daddr, M), match(dport, 53), NO_TRACK], 0],
  ["loopback", [match(iifname, "lo"), match(daddr, M), NO_TRACK], 0],
  ["what only some packets meet", [match(iifname, "wg0"), NO_TRACK], 0],
  ["a redirect", [match(daddr, M), DNAT], 1],
  ["a redirect of all", [DNAT], 0],
  ["no effect", [match(daddr, M), { accept: null }], 0],
] as const;

Deno.test("readRuleset() finds native rules about pods' requests", async (t) => {
  for (const [name, expr, count] of NATIVE) {
    await t.step(name, () => {
      assert.equal(readRuleset(listing(expr), OWN).length, count);
    });
  }
  const expr = [match(daddr, M), DNAT];
  for (
    const chain of [
      { table: "saassigner" },
      { table: "saassigner-guard" },
      { family: "ip", table: "nat" },
      { hook: "output" },
    ]
  ) {
    await t.step(JSON.stringify(chain), () => {
      assert.deepEqual(readRuleset(listing(expr, chain), OWN), []);
    });
  }
});

Deno.test("readRuleset() tells which redirect comes first by priority", () => {
  const orders = (
    prio: number | undefined,
    backend: "iptables" | "nftables",
  ): readonly string[] =>
    readRuleset(listing([match(daddr, M), DNAT], { prio }), {
      ...OWN,
      backend,
    }).map(({ order }) => order);
  assert.deepEqual(orders(-100, "nftables"), ["after-ours"]);
  assert.deepEqual(orders(-110, "nftables"), ["unknown"]);
  assert.deepEqual(orders(-150, "nftables"), ["before-ours"]);
  assert.deepEqual(orders(-100, "iptables"), ["unknown"]);
  assert.deepEqual(orders(undefined, "iptables"), ["unknown"]);
});

Deno.test("readRuleset() refuses what is no listing", () => {
  for (const text of ["", "{", "{}", "null", '{"nftables":[']) {
    assert.throws(() => readRuleset(text, OWN), InterceptionError);
  }
});

Deno.test("findForeignRules() goes on after what is missing or may not be read", async () => {
  const runCommand: RunCommand = (command) => {
    switch (command) {
      case "iptables-nft-save":
        return Promise.resolve({
          code: 4,
          stdout: "",
          stderr: "Permission denied (you must be root)",
        });
      case "ip6tables-legacy-save":
        return Promise.resolve({
          code: 0,
          stdout: "*raw\n-A PREROUTING -d fd20:ce::254/128 -j NOTRACK\n",
          stderr: "",
        });
      case "nft":
        return Promise.resolve({
          code: 1,
          stdout: "",
          stderr: "Operation not supported",
        });
      default:
        return Promise.reject(
          new InterceptionError("missing", {
            cause: new Deno.errors.NotFound(),
          }),
        );
    }
  };
  const { found, failures } = await findForeignRules(runCommand, OWN);
  assert.deepEqual(found, [{
    place: "ip6tables-legacy",
    chain: "raw PREROUTING",
    text: "PREROUTING -d fd20:ce::254/128 -j NOTRACK",
    effect: "untracks",
    order: "before-ours",
  }]);
  assert.deepEqual(failures.map((error) => Object(error).message), [
    "iptables-nft-save cannot read the rules: it needs uid 0 with the capabilities NET_ADMIN and NET_RAW",
  ]);
});
