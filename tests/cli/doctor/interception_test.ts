import assert from "node:assert/strict";
import { judgeForeignRules } from "../../../src/cli/doctor/foreign_rules.ts";
import { judgeInterception } from "../../../src/cli/doctor/interception.ts";
import type { RulesFacts } from "../../../src/cli/doctor/interception_facts.ts";
import type { ForeignRule } from "../../../src/interception/foreign_rule.ts";
import { InterceptionError } from "../../../src/interception/interception_error.ts";

const GOOD: RulesFacts = {
  report: {
    wanted: { places: ["iptables-nft"], reason: "why", isCertain: true },
    groups: [
      { name: "IPv4", drift: [], leftOut: undefined },
      { name: "IPv6", drift: [], leftOut: "the kernel has no IPv6" },
    ],
    search: { found: [], failures: [] },
  },
  warnings: [],
  target: { host: "10.0.0.1", port: 8181 },
  isServed: true,
};

/** Status, name and detail of each finding. */
function judge(facts: Partial<RulesFacts>): readonly string[] {
  return judgeInterception({ kind: "got", value: { ...GOOD, ...facts } })
    .map(({ name, status, detail }) => `${status} ${name}: ${detail}`);
}

Deno.test("judgeInterception() tells of each group, the tool and the target", () => {
  assert.deepEqual(judge({}), [
    "ok interception: IPv4: in place",
    "ok interception: IPv6: none: the kernel has no IPv6",
    "ok interception tool: iptables-nft: why",
    "ok interception target: something listens on 10.0.0.1 port 8181",
  ]);
});

Deno.test("judgeInterception() warns of what was taken otherwise, and of a guess", () => {
  const wanted = { ...GOOD.report.wanted, isCertain: false };
  assert.deepEqual(
    judge({
      warnings: ["taken as !eth0"],
      report: {
        ...GOOD.report,
        wanted,
        search: { found: [], failures: [new InterceptionError("unread")] },
      },
    }).slice(2, 5),
    [
      "warning interception: taken as !eth0",
      "warning interception tool: iptables-nft: why; whether the node uses it cannot be told",
      "not-checked interception tool of before: unread",
    ],
  );
});

Deno.test("judgeInterception() fails where the configuration does not fit the node", () => {
  const error = new InterceptionError("Interface docker0 is not on this node");
  assert.deepEqual(
    judgeInterception({ kind: "failed", error })
      .map(({ status, detail }) => `${status}: ${detail}`),
    [
      "failed: Interface docker0 is not on this node",
      "not-checked: the rules cannot be read",
      "not-checked: the rules cannot be read",
    ],
  );
});

const RULE: ForeignRule = {
  place: "iptables-nft",
  chain: "nat PREROUTING",
  text: "PREROUTING -d 169.254.169.254/32 -j DNAT --to-destination 1.2.3.4",
  effect: "redirects",
  order: "unknown",
};

Deno.test("judgeForeignRules() warns where the order cannot be told, and says how to remove", () => {
  const [tracking, redirect, more] = judgeForeignRules({
    kind: "got",
    value: {
      found: [RULE, { ...RULE, place: "nft", chain: "inet a b" }],
      failures: [],
    },
  }, "iptables");
  assert.equal(tracking?.status, "ok");
  assert.equal(redirect?.status, "warning");
  assert.match(
    redirect?.fix ?? "",
    /^iptables-nft -t nat -D PREROUTING -d 169\.254\.169\.254\/32 -j DNAT/,
  );
  assert.match(more?.fix ?? "", /^Remove the rule from inet a b: nft -a list /);
});

Deno.test("judgeForeignRules() does not call good what it could not read", () => {
  const value = { found: [], failures: [new InterceptionError("unread")] };
  assert.deepEqual(
    judgeForeignRules({ kind: "got", value }, "iptables"),
    [
      { name: "connection tracking", status: "not-checked", detail: "unread" },
      { name: "redirects of others", status: "not-checked", detail: "unread" },
    ],
  );
});
