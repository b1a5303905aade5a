import assert from "node:assert/strict";
import { grantCommand } from "../../src/core/iam_role.ts";

Deno.test("grantCommand() names both accounts and the role", () => {
  assert.equal(
    grantCommand("app@p", "node@p"),
    "gcloud iam service-accounts add-iam-policy-binding app@p " +
      "--member=serviceAccount:node@p --role=roles/iam.serviceAccountTokenCreator",
  );
});
