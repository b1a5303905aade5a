import assert from "node:assert/strict";
import { baseRequest, covers, type Grant } from "../../src/core/grant.ts";

const GRANT: Grant = { holder: "u", account: "a@p", scopes: ["one", "two"] };
const ID = {
  kind: "id-token",
  account: "a@p",
  audience: "x",
  format: "full",
  licenses: false,
} as const;

Deno.test("covers() lets a pod have what its account and scopes allow", () => {
  const base = baseRequest(GRANT);
  const narrow = { ...base, scopes: ["two"] };
  for (const request of [base, narrow, ID]) {
    assert.ok(covers(GRANT, request));
    assert.ok(!covers({ ...GRANT, account: "b@p" }, request));
    assert.ok(!covers(undefined, request));
  }
  assert.ok(!covers({ ...GRANT, scopes: ["one"] }, base));
  assert.ok(!covers({ ...GRANT, scopes: ["one"] }, narrow));
  assert.ok(covers({ ...GRANT, scopes: ["one"] }, ID));
});
