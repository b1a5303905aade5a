import assert from "node:assert/strict";
import { type AdviceContext, adviseOn } from "../../src/core/advice.ts";
import { parseAllowList } from "../../src/core/allow_list.ts";
import { REASONS } from "../../src/core/reason.ts";

const CONTEXT: AdviceContext = {
  keys: {
    serviceAccount: "iam/account",
    scopes: "iam/scopes",
    allowedServiceAccounts: "iam/allowed",
  },
  namespace: "shop",
  account: "app@demo-proj.iam.gserviceaccount.com",
  nodeAccount: "node@demo-proj.iam.gserviceaccount.com",
};

Deno.test("adviseOn() has a sentence for every reason", () => {
  const advice = REASONS.map((reason) => adviseOn(reason, CONTEXT));
  for (const each of advice) assert.match(each, /^\S.*[^.\s]$/);
});

Deno.test("adviseOn() names the keys that are configured", () => {
  assert.match(adviseOn("no-account", CONTEXT), /iam\/account/);
  assert.match(adviseOn("account-malformed", CONTEXT), /iam\/account/);
  assert.match(adviseOn("scopes-malformed", CONTEXT), /iam\/scopes/);
});

Deno.test("adviseOn() adds the account to what the namespace allows", () => {
  assert.equal(
    adviseOn("namespace-denied", {
      ...CONTEXT,
      allowList: parseAllowList('["it\'s@*", "x@y.z"]'),
    }),
    `kubectl annotate --overwrite namespace shop 'iam/allowed=["it'\\''s@*","x@y.z","app@demo-proj.iam.gserviceaccount.com"]'`,
  );
  assert.equal(
    adviseOn("namespace-list-malformed", {
      ...CONTEXT,
      allowList: parseAllowList("{}"),
    }),
    `kubectl annotate --overwrite namespace shop 'iam/allowed=["app@demo-proj.iam.gserviceaccount.com"]'`,
  );
});

Deno.test("adviseOn() has a placeholder for what is not known", () => {
  const { keys, namespace } = CONTEXT;
  assert.equal(
    adviseOn("iam-denied", { keys, namespace }),
    "gcloud iam service-accounts add-iam-policy-binding ACCOUNT --member=serviceAccount:NODE_ACCOUNT --role=roles/iam.serviceAccountTokenCreator",
  );
});
