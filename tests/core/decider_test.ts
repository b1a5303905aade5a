import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAllowList } from "../../src/core/allow_list.ts";
import { createDecider } from "../../src/core/decider.ts";
import { decide, type Policy } from "../../src/core/policy.ts";
import { createPod } from "./pods.ts";

const ACCOUNT = "app@p.iam.gserviceaccount.com";
const PODS = [undefined, ACCOUNT, "b@p.iam.gserviceaccount.com", "x"]
  .map((accountAnnotation) => createPod({ accountAnnotation }));
const LISTS = [
  undefined,
  ...["", `["${ACCOUNT}"]`, '["*"]', "no list"].map(parseAllowList),
];
const POLICIES: readonly Policy[] = (["off", "report", "enforce"] as const)
  .flatMap((restrictions) =>
    [{ kind: "none" }, { kind: "account", account: ACCOUNT }, {
      kind: "unresolved",
    }].map((defaultAccount) => ({
      restrictions,
      defaultScopes: ["s"],
      defaultAccount,
    } as Policy))
  );

Deno.test("createDecider() decides as decide() does, whatever changes in between", () => {
  const request = fc.tuple(
    fc.constantFrom(...POLICIES),
    fc.constantFrom(...PODS),
    fc.constantFrom(...LISTS),
  );
  fc.assert(fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
    const remembering = createDecider();
    for (const each of requests) {
      assert.deepEqual(remembering(...each), decide(...each));
    }
  }));
});

Deno.test("createDecider() decides once for each state", () => {
  const remembering = createDecider();
  const [policy, pod, list] = [POLICIES[8], PODS[1], LISTS[3]];
  assert.ok(policy && pod);
  const decision = remembering(policy, pod, list);
  assert.equal(remembering(policy, pod, list), decision);
  assert.notEqual(remembering(policy, { ...pod }, list), decision);
});
