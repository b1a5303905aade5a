import assert from "node:assert/strict";

/**
 * Checks what `use_google_auth.mjs` printed.
 *
 * @param text What it printed.
 * @param account E-mail of the pod's account.
 * @returns The tokens it got, for whoever can tell whose they are.
 */
export function assertGoogleAuth(text: string, account: string): {
  readonly accessTokens: readonly string[];
  readonly idToken: string;
} {
  const got = JSON.parse(text);
  assert.ok(got.isAvailable && got.isCompute);
  const accessTokens = [got.accessToken, got.asNew, ...got.refreshed];
  assert.equal(accessTokens.length, 5);
  for (const token of accessTokens) assert.match(token, /^ya29\./);
  // With less than five minutes left the library would ask again for every request.
  for (const leftMs of got.leftMs) {
    assert.ok(leftMs > 300_000 && leftMs <= 3_600_000, `${leftMs} ms left`);
  }
  assert.equal(got.projectId, "demo-proj");
  assert.equal(got.project, "demo-proj");
  assert.equal(got.universe, "googleapis.com");
  assert.equal(got.universeOfClient, "googleapis.com");
  assert.equal(got.email, account);
  assert.equal(got.id, "4520031799277581759");
  assert.equal(got.zone, "projects/123456789012/zones/europe-west1-b");
  assert.equal(got.tree.serviceAccounts.default.email, account);
  assert.ok(!text.includes("NODE-SECRET"));
  assert.match(got.idToken, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  return { accessTokens, idToken: got.idToken };
}
