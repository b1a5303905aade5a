import assert from "node:assert/strict";
import {
  type CapturedTable,
  planIptables,
} from "../../src/interception/iptables_plan.ts";
import { listTableRules } from "../../src/interception/iptables_rules.ts";
import { IPV4, IPV6 } from "./families.ts";

const GUARD_JUMP =
  "-A FORWARD -m comment --comment saassigner-jump -j SAASSIGNER-GUARD";
const TRACK_JUMP =
  "-A PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-TRACK";
const NAT_JUMP =
  "-A PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-METADATA";
const KUBE_SERVICES =
  '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES';
const CONCEALMENT =
  '-A PREROUTING -d 169.254.169.254/32 ! -i eth0 -p tcp -m comment --comment "metadata-concealment: bridge traffic to metadata server goes to metadata proxy" -m tcp --dport 80 -j DNAT --to-destination 169.254.169.252:988';

/** Printed by iptables 1.8.9, both variants, after our document was applied. */
const IN_ORDER = {
  guard: {
    builtin: `-P FORWARD DROP\n${GUARD_JUMP}\n-A FORWARD -j KUBE-FORWARD\n`,
    own:
      "-N SAASSIGNER-GUARD\n-A SAASSIGNER-GUARD -d 169.254.169.254/32 -p tcp -m tcp ! --dport 53 -m comment --comment saassigner-guard -j REJECT --reject-with tcp-reset\n",
  },
  raw: {
    builtin: `-P PREROUTING ACCEPT\n${TRACK_JUMP}\n`,
    own:
      "-N SAASSIGNER-TRACK\n-A SAASSIGNER-TRACK -d 169.254.169.254/32 ! -i eth0 -p tcp -m tcp --dport 80 -m comment --comment saassigner-track -j ACCEPT\n",
  },
  nat: {
    builtin: `-P PREROUTING ACCEPT\n${NAT_JUMP}\n${KUBE_SERVICES}\n`,
    own:
      "-N SAASSIGNER-METADATA\n-A SAASSIGNER-METADATA -d 169.254.169.254/32 ! -i eth0 -p tcp -m tcp --dport 80 -m comment --comment saassigner-metadata -j DNAT --to-destination 10.128.0.2:8181\n",
  },
} satisfies Record<string, CapturedTable>;

function plan(
  changes: Partial<Record<keyof typeof IN_ORDER, CapturedTable>> = {},
): ReturnType<typeof planIptables> {
  const { guard, raw, nat } = { ...IN_ORDER, ...changes };
  return planIptables(listTableRules(IPV4), [guard, raw, nat]);
}

Deno.test("planIptables() finds no drift in what it has written", () => {
  assert.deepEqual(plan().drift, []);
});

Deno.test("planIptables() writes one document for an empty node", () => {
  const { drift, document } = planIptables(listTableRules(IPV4), [
    { builtin: "-P FORWARD ACCEPT\n", own: undefined },
    { builtin: "-P PREROUTING ACCEPT\n", own: undefined },
    { builtin: "-P PREROUTING ACCEPT\n", own: undefined },
  ]);
  assert.equal(drift.length, 6);
  assert.equal(
    document,
    `*filter
:SAASSIGNER-GUARD - [0:0]
-A SAASSIGNER-GUARD -d 169.254.169.254/32 -p tcp -m tcp ! --dport 53 -m comment --comment saassigner-guard -j REJECT --reject-with tcp-reset
-I FORWARD 1 -m comment --comment saassigner-jump -j SAASSIGNER-GUARD
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

Deno.test("planIptables() tells what differs", async (t) => {
  const nat = (...rules: string[]): CapturedTable => ({
    ...IN_ORDER.nat,
    builtin: ["-P PREROUTING ACCEPT", ...rules].join("\n"),
  });
  const jump = "jump from PREROUTING to SAASSIGNER-METADATA";
  const cases = [
    {
      name: "no jump",
      changes: { nat: nat(KUBE_SERVICES) },
      drift: [`nat: no ${jump}`],
      deletions: 0,
    },
    {
      name: "concealment above the jump",
      changes: { nat: nat(CONCEALMENT, NAT_JUMP) },
      drift: [`nat: ${jump} is not the first rule`],
      deletions: 1,
    },
    {
      name: "two jumps",
      changes: { nat: nat(NAT_JUMP, KUBE_SERVICES, NAT_JUMP) },
      drift: [`nat: 2 times the ${jump}`],
      deletions: 2,
    },
    {
      name: "no chain",
      changes: { nat: { builtin: nat().builtin, own: undefined } },
      drift: [`nat: no ${jump}`, "nat: no chain SAASSIGNER-METADATA"],
      deletions: 0,
    },
    {
      name: "an empty chain",
      changes: {
        guard: { ...IN_ORDER.guard, own: "-N SAASSIGNER-GUARD\n" },
      },
      drift: ["filter: chain SAASSIGNER-GUARD differs"],
      deletions: 1,
    },
    {
      name: "another target",
      changes: {
        nat: {
          ...IN_ORDER.nat,
          own: IN_ORDER.nat.own.replace("10.128.0.2", "10.128.0.9"),
        },
      },
      drift: ["nat: chain SAASSIGNER-METADATA differs"],
      deletions: 1,
    },
    {
      name: "a rule before ours in our chain",
      changes: {
        guard: {
          ...IN_ORDER.guard,
          own: IN_ORDER.guard.own.replace(
            "\n",
            "\n-A SAASSIGNER-GUARD -j RETURN\n",
          ),
        },
      },
      drift: ["filter: chain SAASSIGNER-GUARD differs"],
      deletions: 1,
    },
  ];
  for (const { name, changes, drift, deletions } of cases) {
    await t.step(name, () => {
      const planned = plan(changes);
      assert.deepEqual(planned.drift, drift);
      const table = "guard" in changes ? "filter" : "nat";
      const lines = planned.document.split(`*${table}\n`)[1]?.split(
        "COMMIT",
      )[0];
      assert.equal(lines?.match(/^-D /gm)?.length ?? 0, deletions);
    });
  }
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
  const redirect = { host: "fd00:128::2", port: 8181 } as const;
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
