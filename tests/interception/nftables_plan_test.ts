import assert from "node:assert/strict";
import { planNftables } from "../../src/interception/nftables_plan.ts";
import { listTableContents } from "../../src/interception/nftables_rules.ts";
import { CAPTURED_FAMILIES, readTestdata } from "./captures.ts";
import { IPV4, IPV6 } from "./families.ts";

const TABLE =
  '{"table": {"family": "inet", "name": "saassigner", "handle": 2}}';
const GUARD = [
  '{"chain": {"family": "inet", "table": "saassigner", "name": "guard", "handle": 2, "type": "filter", "hook": "prerouting", "prio": -90, "policy": "accept"}}',
  '{"rule": {"family": "inet", "table": "saassigner", "chain": "guard", "handle": 5, "expr": [{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "169.254.169.254"}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 53}}, {"counter": {"packets": 7, "bytes": 420}}, {"reject": {"type": "tcp reset"}}]}}',
  '{"rule": {"family": "inet", "table": "saassigner", "chain": "guard", "handle": 6, "expr": [{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "daddr"}}, "right": "fd20:ce::254"}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 53}}, {"counter": {"packets": 0, "bytes": 0}}, {"reject": {"type": "tcp reset"}}]}}',
];
const REDIRECT = [
  '{"chain": {"family": "inet", "table": "saassigner", "name": "prerouting", "handle": 1, "type": "nat", "hook": "prerouting", "prio": -110, "policy": "accept"}}',
  '{"rule": {"family": "inet", "table": "saassigner", "chain": "prerouting", "handle": 3, "expr": [{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "169.254.169.254"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}, {"counter": {"packets": 0, "bytes": 0}}, {"dnat": {"family": "ip", "addr": "10.128.0.2", "port": 8181}}]}}',
];

/** As nft 1.0.6 prints its listing, with what is in it. */
function listing(...elements: readonly string[]): string {
  return `{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}, ${
    elements.join(", ")
  }]}\n`;
}

const WANTED = listTableContents([{ ...IPV4, door: undefined }, IPV6]);
const GUARD_ONLY = listTableContents([
  { ...IPV4, redirect: undefined, door: undefined },
  IPV6,
]);

/** Verbs of a document, such as `add table`, with the chain's name. */
function verbsOf(document: string): readonly string[] {
  const { nftables } = JSON.parse(document);
  return nftables.flatMap((
    command: Record<string, Record<string, { name?: string }>>,
  ) =>
    Object.entries(command).flatMap(([verb, object]) =>
      Object.entries(object).map(([kind, { name }]) =>
        [verb, kind, name].filter((part) => part !== undefined).join(" ")
      )
    )
  );
}

Deno.test("planNftables() finds no drift in what it has written", () => {
  const listed = listing(TABLE, ...REDIRECT, ...GUARD);
  assert.deepEqual(planNftables(WANTED, listed).drift, []);
  assert.deepEqual(planNftables(GUARD_ONLY, listed).drift, []);
});

Deno.test("planNftables() replaces the whole table in one document", () => {
  const { document } = planNftables(WANTED, listing(TABLE, ...GUARD));
  assert.deepEqual(verbsOf(document), [
    "add table saassigner",
    "delete table saassigner",
    "add table saassigner",
    "add chain guard",
    "add rule",
    "add rule",
    "add chain prerouting",
    "add rule",
  ]);
});

Deno.test("planNftables() replaces only the guard where no redirect is wanted yet", () => {
  const { document } = planNftables(GUARD_ONLY, listing(TABLE, ...REDIRECT));
  assert.deepEqual(verbsOf(document), [
    "add table saassigner",
    "add chain guard",
    "flush chain guard",
    "delete chain guard",
    "add chain guard",
    "add rule",
    "add rule",
  ]);
});

Deno.test("planNftables() tells what differs", async (t) => {
  const [chain = "", ...rules] = GUARD;
  const cases = [
    {
      name: "no table",
      listed: undefined,
      drift: ["no table inet saassigner"],
    },
    {
      name: "an empty table",
      listed: listing(TABLE),
      drift: ["no chain guard", "no chain prerouting"],
    },
    {
      name: "a table that is switched off",
      listed: listing(
        TABLE.replace('"handle": 2', '"handle": 2, "flags": "dormant"'),
        ...REDIRECT,
        ...GUARD,
      ),
      drift: ["table inet saassigner differs"],
    },
    {
      name: "a rule gone",
      listed: listing(TABLE, ...REDIRECT, ...GUARD.slice(0, -1)),
      drift: ["chain guard differs"],
    },
    {
      name: "an accepting rule before ours",
      listed: listing(
        TABLE,
        ...REDIRECT,
        chain,
        '{"rule": {"family": "inet", "table": "saassigner", "chain": "guard", "handle": 9, "expr": [{"accept": null}]}}',
        ...rules,
      ),
      drift: ["chain guard differs"],
    },
    {
      name: "another priority",
      listed: listing(TABLE, ...GUARD, ...REDIRECT).replace("-110", "-100"),
      drift: ["chain prerouting differs"],
    },
    {
      name: "a chain of somebody else",
      listed: listing(
        TABLE,
        '{"chain": {"family": "inet", "table": "saassigner", "name": "other", "handle": 8}}',
        ...REDIRECT,
        ...GUARD,
      ),
      drift: ["1 entries that are not ours"],
    },
  ];
  for (const { name, listed, drift } of cases) {
    await t.step(
      name,
      () => assert.deepEqual(planNftables(WANTED, listed).drift, drift),
    );
  }
});

Deno.test("planNftables() replaces a table that nft does not list as it should", () => {
  const [brokenOff = ""] = listing(TABLE).split('"handle"');
  for (const listed of ["", brokenOff, '{"nftables": 1}']) {
    const { drift, document } = planNftables(WANTED, listed);
    assert.deepEqual(drift, [
      "what nft prints of table inet saassigner is not understood",
    ]);
    assert.equal(document, planNftables(WANTED, undefined).document);
  }
});

Deno.test("listTableContents() writes wildcards as nft does, and + as no match", () => {
  const redirect = { host: "fd00:128::2", port: 8181, generation: 0 };
  const [, prerouting] = listTableContents([{
    ...IPV6,
    redirect: { ...redirect, match: { kind: "only", names: ["gke+", "+"] } },
  }]).chains;
  const [wildcard = [], any = []] = prerouting?.rules ?? [];
  assert.deepEqual(wildcard[0], {
    match: { op: "==", left: { meta: { key: "iifname" } }, right: "gke*" },
  });
  assert.deepEqual(any, wildcard.slice(1));
});

Deno.test("listTableContents() closes port 80 alone, or nothing", () => {
  const [http] = listTableContents([{ ...IPV6, guard: "http" }]).chains;
  assert.match(JSON.stringify(http?.rules), /"dport"}},"right":80}/);
  const [off] = listTableContents([{ ...IPV6, guard: "off" }]).chains;
  assert.deepEqual(off?.rules, []);
});

Deno.test("planNftables() takes a listing with all kinds of rules for what it wrote", () => {
  const wanted = listTableContents(CAPTURED_FAMILIES);
  const listed = readTestdata("nftables-in-place.json");
  assert.deepEqual(planNftables(wanted, listed).drift, []);
  // As newer versions print it.
  const flagged = listed.replace(
    '"type": "ipv4_addr"',
    '"type": "ipv4_addr", "flags": ["dynamic"]',
  );
  assert.deepEqual(planNftables(wanted, flagged).drift, []);
  const changed = listed.replace(
    '"val": 256, "inv": true}}]}}',
    '"val": 9}}]}}',
  )
    .replace('"size": 65535', '"size": 1');
  assert.deepEqual(planNftables(wanted, changed).drift, [
    "set callers4 differs",
    "chain input differs",
  ]);
});
