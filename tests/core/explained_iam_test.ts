import assert from "node:assert/strict";
import { type ExplainedIam, withIam } from "../../src/core/explained_iam.ts";
import { explain, type Explanation } from "../../src/core/explanation.ts";
import { findSubject } from "../../src/core/subject.ts";
import { createPod } from "./pods.ts";

const APP = "app@demo-proj.iam.gserviceaccount.com";
const NODE = "node@demo-proj.iam.gserviceaccount.com";
const CONTEXT = {
  keys: {
    serviceAccount: "iam/account",
    scopes: "iam/scopes",
    allowedServiceAccounts: "iam/allowed",
  },
  namespace: "default",
  nodeAccount: NODE,
};

/** What is explained of a pod with this annotation, before IAM is asked. */
function explainPod(accountAnnotation: string): Explanation {
  const pod = createPod({ accountAnnotation });
  const placed = { pod, node: "node-1" };
  return explain(findSubject({ kind: "pod", placed, neighbours: [] }), {
    policy: {
      defaultAccount: { kind: "none" },
      defaultScopes: ["openid"],
      restrictions: "off",
    },
    keys: CONTEXT.keys,
    assumed: { account: undefined, scopes: undefined },
    origins: { serviceAccount: "default", scopes: "default" },
    modeOrigin: "default",
    namespace: undefined,
    nodeAccount: undefined,
    notes: [],
  });
}

Deno.test("withIam() takes a refusal for the decision, with the grant that is missing", () => {
  const iam: ExplainedIam = {
    outcome: "refused",
    caller: NODE,
    reason: "iam-denied",
    message: "No",
  };
  const before = explainPod(APP);
  assert.deepEqual(withIam(before, iam, CONTEXT), {
    ...before,
    decision: { outcome: "deny", reason: "iam-denied", message: "No" },
    advice:
      `gcloud iam service-accounts add-iam-policy-binding ${APP} --member=serviceAccount:${NODE} --role=roles/iam.serviceAccountTokenCreator`,
    unchecked: [],
    iam,
  });
});

Deno.test("withIam() leaves open only what IAM did not tell", () => {
  const before = explainPod(APP);
  const told: readonly ExplainedIam[] = [
    { outcome: "allowed", caller: NODE },
    { outcome: "rejected", message: "No" },
  ];
  for (const iam of told) {
    assert.deepEqual(withIam(before, iam, CONTEXT), {
      ...before,
      unchecked: ["stale", "account-mismatch", "overload"],
      iam,
    });
  }
  const iam: ExplainedIam = { outcome: "not-asked", message: "no node" };
  assert.deepEqual(withIam(before, iam, CONTEXT), { ...before, iam });
});

Deno.test("withIam() leaves a refusal of the policy as it is", () => {
  const before = explainPod("");
  const iam: ExplainedIam = {
    outcome: "refused",
    caller: NODE,
    reason: "iam-denied",
    message: "No",
  };
  assert.deepEqual(withIam(before, iam, CONTEXT), { ...before, iam });
});
