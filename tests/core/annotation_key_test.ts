import assert from "node:assert/strict";
import { findMisspeltKey, suggestKey } from "../../src/core/annotation_key.ts";

const ACCOUNT = "accounts.google.com/service-account";
const KEYS = {
  serviceAccount: ACCOUNT,
  scopes: "accounts.google.com/scopes",
  allowedServiceAccounts: "accounts.google.com/allowed-service-accounts",
};

Deno.test("findMisspeltKey() finds what was probably meant for the account", async (t) => {
  for (
    const found of [
      "accounts.google.com/service-acount",
      "accounts.google.com/serviceaccount",
      "accounts.google.com/Service-Account",
      "account.google.com/service-account",
      "accounts.gogle.com/sevrice-account",
    ]
  ) {
    await t.step(found, () => {
      assert.deepEqual(findMisspeltKey(["other", found], KEYS), {
        found,
        meant: ACCOUNT,
      });
    });
  }
});

Deno.test("findMisspeltKey() passes over keys of others, and what was meant for another of ours", async (t) => {
  for (
    const found of [
      "",
      "service-account",
      "iam.gke.io/gcp-service-account",
      "example.com/service-account",
      "accounts.google.com/scope",
      "accounts.google.com/allowed-service-account",
      ...Object.values(KEYS).slice(1),
      "accounts.google.com/service-account\u202e",
      "accounts.google.com/service/account",
      `accounts.google.com/${"service-account".repeat(10)}`,
    ]
  ) {
    await t.step(found, () => {
      assert.equal(findMisspeltKey([found], KEYS), undefined);
    });
  }
});

Deno.test("findMisspeltKey() looks at a hundred keys", () => {
  const wrong = "accounts.google.com/service-acount";
  const others = Array.from({ length: 99 }, (_, index) => `a/${index}`);
  assert.equal(findMisspeltKey([...others, wrong], KEYS)?.found, wrong);
  assert.equal(findMisspeltKey([...others, "a/b", wrong], KEYS), undefined);
});

Deno.test("findMisspeltKey() takes keys of one's own domain", () => {
  const keys = { ...KEYS, serviceAccount: "iam.example.com/account" };
  assert.deepEqual(findMisspeltKey(["iam.example.com/acount"], keys), {
    found: "iam.example.com/acount",
    meant: "iam.example.com/account",
  });
});

Deno.test("suggestKey() gives the nearest by name", () => {
  const keys = Object.values(KEYS);
  assert.equal(suggestKey("accounts.google.com/scope", keys), KEYS.scopes);
  assert.equal(suggestKey("example.com/scopes", keys), undefined);
});
