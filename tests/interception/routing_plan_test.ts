import assert from "node:assert/strict";
import { planRouting } from "../../src/interception/routing_plan.ts";
import { listRoutingRules } from "../../src/interception/routing_rules.ts";
import { IPV4, IPV6 } from "./families.ts";

/** Printed by iproute2 6.1 of a node where another program has rules too. */
const OTHERS = [
  '{"priority":0,"src":"all","table":"local","protocol":"kernel"}',
  '{"priority":100,"src":"all","dst":"169.254.169.254","table":"200","protocol":"boot"}',
  '{"priority":32766,"src":"all","table":"main","protocol":"kernel"}',
];
const OWN = [
  '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","goto":8,"protocol":"83"}',
  '{"priority":6,"src":"all","dst":"169.254.169.254","ipproto":"tcp","dport":53,"goto":8,"protocol":"83"}',
  '{"priority":7,"src":"all","dst":"169.254.169.254","ipproto":"tcp","action":"prohibit","protocol":"83"}',
  '{"priority":8,"src":"all","nop":null,"protocol":"83"}',
];
const RULES = [
  "pref 8 nop",
  "pref 5 to 169.254.169.254 iif lo goto 8",
  "pref 6 to 169.254.169.254 ipproto tcp dport 53 goto 8",
  "pref 7 to 169.254.169.254 ipproto tcp prohibit",
];

function listing(...rules: readonly string[]): string {
  return `[${[...OTHERS, ...rules].join(",")}]\n`;
}

Deno.test("planRouting() finds no drift in what it has written", () => {
  const plan = planRouting(listRoutingRules(IPV4), listing(...OWN));
  assert.deepEqual(plan.drift, []);
  assert.equal(plan.document, "");
});

Deno.test("planRouting() adds what is missing, last of all what closes", () => {
  const { drift, document } = planRouting(listRoutingRules(IPV4), listing());
  assert.deepEqual(drift, RULES.map((rule) => `no rule "${rule}"`));
  assert.equal(
    document,
    RULES.map((rule) => `rule add ${rule} protocol 83\n`).join(""),
  );
});

Deno.test("planRouting() removes what is too much, after it has added", () => {
  const [node = ""] = OWN;
  const { drift, document } = planRouting(
    listRoutingRules({ ...IPV4, guard: "http" }),
    listing(node, ...OWN),
  );
  assert.deepEqual(drift, [
    'no rule "pref 7 to 169.254.169.254 ipproto tcp dport 80 prohibit"',
    'rule "pref 7 to 169.254.169.254 ipproto tcp prohibit" is too much',
    'rule "pref 5 to 169.254.169.254 iif lo goto 8" is too much',
  ]);
  assert.equal(
    document,
    `rule add pref 7 to 169.254.169.254 ipproto tcp dport 80 prohibit protocol 83
rule del pref 7 to 169.254.169.254 ipproto tcp prohibit protocol 83
rule del pref 5 to 169.254.169.254 iif lo goto 8 protocol 83
`,
  );
});

Deno.test("planRouting() leaves nothing without a guard, and knows IPv6", () => {
  const off = planRouting(
    listRoutingRules({ ...IPV4, guard: "off" }),
    listing(...OWN),
  );
  assert.deepEqual(
    off.document.match(/(?<=^rule del pref )\d/gm),
    ["7", "5", "6", "8"],
  );
  assert.ok(!off.document.includes("add"));
  assert.equal(
    listRoutingRules(IPV6).at(-1),
    "pref 7 to fd20:ce::254 ipproto tcp prohibit",
  );
});

Deno.test("planRouting() refuses a text that is no listing", () => {
  for (const listed of ["", "{}", "0: from all lookup local"]) {
    assert.throws(() => planRouting([], listed), {
      name: "InterceptionError",
      message: "What ip prints of its rules is not understood",
    });
  }
});
