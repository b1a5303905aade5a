import assert from "node:assert/strict";
import { planIptables } from "../../src/interception/iptables_plan.ts";
import { listTableRules } from "../../src/interception/iptables_rules.ts";
import { CAPTURED_RULES, readCapture } from "./captures.ts";
import { IPV4, IPV6 } from "./families.ts";

const JUMP = {
  guard: "jump from FORWARD to SAASSIGNER-GUARD",
  input: "jump from INPUT to SAASSIGNER-INPUT",
  track: "jump from PREROUTING to SAASSIGNER-TRACK",
  nat: "jump from PREROUTING to SAASSIGNER-METADATA",
};
const ALL_MISSING = [
  `filter: no ${JUMP.guard}`,
  "filter: no chain SAASSIGNER-GUARD",
  `filter: no ${JUMP.input}`,
  "filter: no chain SAASSIGNER-INPUT",
  `raw: no ${JUMP.track}`,
  "raw: no chain SAASSIGNER-TRACK",
  `nat: no ${JUMP.nat}`,
  "nat: no chain SAASSIGNER-METADATA",
];

Deno.test("planIptables() tells what differs on captured nodes", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly drift: readonly string[];
    readonly isMereOrder?: boolean;
    /** Jumps that the document removes. */
    readonly deletions: number;
  }[] = [
    { name: "empty", drift: ALL_MISSING, deletions: 0 },
    { name: "kube-proxy", drift: ALL_MISSING, deletions: 0 },
    { name: "flushed", drift: ALL_MISSING, deletions: 0 },
    { name: "in-place", drift: [], deletions: 4 },
    {
      name: "concealment",
      drift: [`nat: ${JUMP.nat} is not the first rule`],
      isMereOrder: true,
      deletions: 4,
    },
    {
      name: "old-concealment",
      drift: [`nat: ${JUMP.nat} is not the first rule`],
      isMereOrder: true,
      deletions: 4,
    },
    {
      name: "oldest-concealment",
      drift: [`nat: ${JUMP.nat} is not the first rule`],
      isMereOrder: true,
      deletions: 4,
    },
    {
      name: "no-track",
      drift: [`raw: ${JUMP.track} is not the first rule`],
      isMereOrder: true,
      deletions: 4,
    },
    {
      name: "misplaced",
      drift: [
        `filter: ${JUMP.guard} is not the first rule`,
        `filter: ${JUMP.input} is not the first rule`,
        `nat: ${JUMP.nat} is not the first rule`,
      ],
      isMereOrder: true,
      deletions: 4,
    },
    {
      name: "duplicated",
      drift: [
        `filter: 2 times the ${JUMP.guard}`,
        `nat: 2 times the ${JUMP.nat}`,
      ],
      deletions: 6,
    },
    {
      name: "half-removed",
      drift: [
        "filter: chain SAASSIGNER-GUARD differs",
        `filter: no ${JUMP.input}`,
        `raw: no ${JUMP.track}`,
        "raw: no chain SAASSIGNER-TRACK",
        `nat: no ${JUMP.nat}`,
      ],
      deletions: 1,
    },
  ];
  for (const { name, drift, isMereOrder = false, deletions } of cases) {
    await t.step(name, () => {
      const plan = planIptables(CAPTURED_RULES, readCapture(name));
      assert.deepEqual(plan.drift, drift);
      assert.equal(plan.isMereOrder, isMereOrder);
      assert.equal(plan.document.match(/^-D /gm)?.length ?? 0, deletions);
    });
  }
});

Deno.test("planIptables() does not take a rule missing for mere order", () => {
  const captured = readCapture("misplaced").map((table, index) =>
    index === 0 ? { ...table, own: undefined } : table
  );
  const { drift, isMereOrder } = planIptables(CAPTURED_RULES, captured);
  assert.equal(drift.length, 4);
  assert.ok(!isMereOrder);
});

Deno.test("planIptables() sees a rule before ours in our chain, and another target", () => {
  const changed = readCapture("in-place").map(({ builtin, own }) => ({
    builtin,
    own: own
      ?.replace("-N SAASSIGNER-GUARD\n", "$&-A SAASSIGNER-GUARD -j RETURN\n")
      .replace("10.128.0.2", "10.128.0.9"),
  }));
  assert.deepEqual(planIptables(CAPTURED_RULES, changed).drift, [
    "filter: chain SAASSIGNER-GUARD differs",
    "nat: chain SAASSIGNER-METADATA differs",
  ]);
});

Deno.test("planIptables() writes one document for an empty node", () => {
  const { document } = planIptables(CAPTURED_RULES, readCapture("empty"));
  assert.equal(
    document,
    `*filter
:SAASSIGNER-GUARD - [0:0]
-A SAASSIGNER-GUARD -d 169.254.169.254/32 -p tcp -m tcp ! --dport 53 -m comment --comment saassigner-guard -j REJECT --reject-with tcp-reset
-I FORWARD 1 -m comment --comment saassigner-jump -j SAASSIGNER-GUARD
COMMIT
*filter
:SAASSIGNER-INPUT - [0:0]
-A SAASSIGNER-INPUT ! -i lo -p tcp -m tcp --dport 8181 --tcp-flags FIN,SYN,RST,ACK SYN -m connlimit --connlimit-above 256 --connlimit-mask 32 --connlimit-saddr -m comment --comment saassigner-input -j REJECT --reject-with tcp-reset
-A SAASSIGNER-INPUT ! -i lo -p tcp -m tcp --dport 8181 -m conntrack --ctorigdst 169.254.169.254 -m comment --comment saassigner-input -j RETURN
-A SAASSIGNER-INPUT ! -i lo -p tcp -m tcp --dport 8181 -m comment --comment saassigner-input -j REJECT --reject-with tcp-reset
-I INPUT 1 -m comment --comment saassigner-jump -j SAASSIGNER-INPUT
COMMIT
*raw
:SAASSIGNER-TRACK - [0:0]
-A SAASSIGNER-TRACK -d 169.254.169.254/32 ! -i eth0 -p tcp -m tcp --dport 80 -m comment --comment saassigner-track -j ACCEPT
-I PREROUTING 1 -m comment --comment saassigner-jump -j SAASSIGNER-TRACK
COMMIT
*nat
:SAASSIGNER-METADATA - [0:0]
-A SAASSIGNER-METADATA -d 169.254.169.254/32 ! -i eth0 -p tcp -m tcp --dport 80 -m comment --comment saassigner-metadata -j DNAT --to-destination 10.128.0.2:8181
-I PREROUTING 1 -m comment --comment saassigner-jump -j SAASSIGNER-METADATA
COMMIT
`,
  );
});

Deno.test("planIptables() plans only the guard where no redirect is wanted", () => {
  const { document } = planIptables(listTableRules(IPV6), [
    { builtin: "-P FORWARD ACCEPT\n", own: undefined },
  ]);
  assert.equal(
    document,
    `*filter
:SAASSIGNER-GUARD - [0:0]
-A SAASSIGNER-GUARD -d fd20:ce::254/128 -p tcp -m tcp ! --dport 53 -m comment --comment saassigner-guard -j REJECT --reject-with tcp-reset
-I FORWARD 1 -m comment --comment saassigner-jump -j SAASSIGNER-GUARD
COMMIT
`,
  );
});

Deno.test("planIptables() refuses to plan on a text that is no built-in chain", () => {
  for (const builtin of ["", "-P INPUT ACCEPT\n", "# Table is incompatible"]) {
    assert.throws(
      () => planIptables(listTableRules(IPV6), [{ builtin, own: undefined }]),
      {
        name: "InterceptionError",
        message:
          "What iptables prints of chain FORWARD of table filter is not understood",
      },
    );
  }
});

Deno.test("listTableRules() closes port 80 alone, or nothing", () => {
  const [http] = listTableRules({ ...IPV4, guard: "http" });
  assert.match(http?.rules.join("\n") ?? "", /-m tcp --dport 80 .*REJECT/);
  const [off] = listTableRules({ ...IPV4, guard: "off" });
  assert.deepEqual(off?.rules, []);
});

Deno.test("listTableRules() makes one rule an interface, none of them for +", () => {
  const redirect = { host: "fd00:128::2", port: 8181, generation: 0 } as const;
  const rulesOf = (...names: string[]): readonly string[] =>
    listTableRules({
      ...IPV6,
      redirect: { ...redirect, match: { kind: "only", names } },
    }).at(-1)?.rules ?? [];
  const [bridge = "", wildcard = ""] = rulesOf("cbr0", "gke+");
  assert.match(
    bridge,
    / -d fd20:ce::254\/128 -i cbr0 -p tcp .* \[fd00:128::2\]:8181$/,
  );
  assert.match(wildcard, / -i gke\+ /);
  assert.match(rulesOf("+").join(), / -d fd20:ce::254\/128 -p tcp /);
});

Deno.test("listTableRules() protects the listener only as far as it is wanted", () => {
  const host = "fd00:128::2";
  const door = {
    host,
    ports: [1, 2],
    connectionsPerPod: 0,
    refuseDirect: false,
  };
  const [, open] = listTableRules({ ...IPV6, door });
  assert.deepEqual(open?.rules, []);
  const [, capped] = listTableRules({
    ...IPV6,
    door: { ...door, connectionsPerPod: 5 },
  });
  assert.equal(capped?.rules.length, 2);
  for (const [index, rule] of capped.rules.entries()) {
    assert.match(
      rule,
      new RegExp(
        `^SAASSIGNER-INPUT -d fd00:128::2/128 ! -i lo .*--dport ${
          index + 1
        } .*--connlimit-above 5 --connlimit-mask 128 .*$`,
      ),
    );
  }
});
