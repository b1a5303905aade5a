import assert from "node:assert/strict";
import { REASONS } from "../../src/core/reason.ts";

Deno.test("REASONS are the codes that operators write alerts on", () => {
  assert.equal(
    REASONS.join(" "),
    "unknown-caller ambiguous-caller host-network not-synced stale no-account " +
      "account-malformed scopes-malformed namespace-denied " +
      "namespace-list-malformed account-mismatch iam-denied iam-unavailable " +
      "node-credentials overload",
  );
});
