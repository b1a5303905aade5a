import assert from "node:assert/strict";
import { CredentialsState } from "../../src/google/credentials_state.ts";

Deno.test("CredentialsState.describe() goes by the last call that says anything of them", () => {
  const state = new CredentialsState();
  const detail = (): string => {
    const { ok, detail } = state.describe();
    return `${ok} ${detail}`;
  };
  assert.equal(detail(), "true not used yet");
  state.note("iam-unavailable");
  assert.equal(detail(), "true not used yet");
  state.note("node-credentials");
  assert.match(detail(), /^false cannot be had/);
  state.note("overload");
  assert.match(detail(), /^false/);
  for (const outcome of ["ok", "iam-denied", "iam-rejected"]) {
    state.note("node-credentials");
    state.note(outcome);
    assert.equal(detail(), "true IAM takes them");
  }
});

Deno.test("CredentialsState.isIamThere goes by the last call", () => {
  const state = new CredentialsState();
  assert.ok(state.isIamThere);
  state.note("iam-unavailable");
  assert.ok(!state.isIamThere);
  state.note("iam-denied");
  assert.ok(state.isIamThere);
});
