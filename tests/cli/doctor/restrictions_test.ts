import assert from "node:assert/strict";
import { judgeRestrictions } from "../../../src/cli/doctor/restrictions.ts";
import { parseAllowList } from "../../../src/core/allow_list.ts";
import type { Pod } from "../../../src/core/pod.ts";
import type { Policy } from "../../../src/core/policy.ts";
import { createPod } from "../../core/pods.ts";

const DEFAULT = "node@p.iam.gserviceaccount.com";
const KEYS = {
  serviceAccount: "iam/account",
  scopes: "iam/scopes",
  allowedServiceAccounts: "iam/allowed",
};

/** A pod of the namespace default with an account of project p. */
function pod(name: string, other: Partial<Pod> = {}): Pod {
  const accountAnnotation = `${name}@p.iam.gserviceaccount.com`;
  return createPod({ accountAnnotation, ...other });
}

function judge(
  list: string | undefined,
  pods: readonly Pod[],
  restrictions: Policy["restrictions"] = "report",
): readonly string[] {
  const namespaces = [{ name: "default", allowList: parseAllowList(list) }];
  return judgeRestrictions(
    { kind: "got", value: pods },
    { kind: "got", value: namespaces },
    {
      keys: KEYS,
      policy: {
        defaultAccount: { kind: "account", account: DEFAULT },
        defaultScopes: ["openid"],
        restrictions,
      },
    },
  ).map(({ status, detail, fix }) =>
    [status, detail, ...fix === undefined ? [] : [fix]].join("|")
  );
}

Deno.test("judgeRestrictions() sums up what a list refuses, and writes the list that does not", () => {
  const pods = [pod("b"), pod("a"), pod("b"), pod("ok"), createPod()];
  assert.deepEqual(judge('["ok@*"]', pods), [
    "warning|default has a list without their accounts: enforce would refuse 3 of 5 pods: a@p.iam.gserviceaccount.com, b@p.iam.gserviceaccount.com|" +
    `kubectl annotate --overwrite namespace default 'iam/allowed=["ok@*","a@p.iam.gserviceaccount.com","b@p.iam.gserviceaccount.com"]'`,
  ]);
  assert.match(
    judge(undefined, [pod("a")], "enforce").join(),
    /^failed\|default has no list: 1 of 1 pods are refused: a@p/,
  );
});

Deno.test("judgeRestrictions() passes over pods that get no token in any case", () => {
  const pods = [
    pod("a", { hostNetwork: true }),
    pod("a", { phase: "Succeeded" }),
    pod("A malformed one"),
    pod("ok", { scopesAnnotation: "not a scope" }),
  ];
  assert.deepEqual(judge('["ok@*"]', pods), [
    "ok|every account is in the list of its namespace (1 namespaces)",
  ]);
});

Deno.test("judgeRestrictions() tells of a malformed list that no pod minds yet", () => {
  assert.match(
    judge("[", [createPod()], "enforce").join(),
    /^failed\|default has a malformed list, which allows nothing: 0 of 1 pods are refused\|kubectl annotate/,
  );
});

Deno.test("judgeRestrictions() needs pods and namespaces, and a mode", () => {
  const skipped = { kind: "skipped", reason: "away" } as const;
  const pods = { kind: "got", value: [] } as const;
  const policy: Policy = {
    defaultAccount: { kind: "none" },
    defaultScopes: [],
    restrictions: "report",
  };
  const details = [
    judgeRestrictions(skipped, skipped, { keys: KEYS, policy }),
    judgeRestrictions(pods, skipped, { keys: KEYS, policy }),
    judgeRestrictions(pods, skipped, {
      keys: KEYS,
      policy: { ...policy, restrictions: "off" },
    }),
  ].map(([finding]) => `${finding?.status}: ${finding?.detail}`);
  assert.deepEqual(details, [
    "not-checked: away",
    "not-checked: away",
    "not-checked: restrictions.mode is off",
  ]);
});
