import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { MintError, mintKey, type MintRequest } from "../../src/core/mint.ts";
import { REASONS } from "../../src/core/reason.ts";

const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("mintKey() keeps apart all that could be confused", () => {
  const identity = {
    kind: "id-token",
    account: ACCOUNT,
    audience: "a",
    format: "standard",
    licenses: false,
  } as const;
  const access = {
    kind: "access-token",
    account: ACCOUNT,
    scopes: ["a"],
  } as const;
  const requests: readonly MintRequest[] = [
    access,
    { ...access, account: `x${ACCOUNT}` },
    { ...access, scopes: ["a", "b"] },
    { ...access, scopes: ["a,b"] },
    { ...access, scopes: ["a b"] },
    { ...access, scopes: ['a","b'] },
    { ...access, scopes: ["standard"] },
    identity,
    { ...identity, account: `x${ACCOUNT}` },
    { ...identity, audience: "b" },
    { ...identity, audience: "A" },
    { ...identity, audience: "a " },
    { ...identity, audience: "a/" },
    { ...identity, audience: '["a"]' },
    { ...identity, audience: 'a","standard",false]' },
    { ...identity, audience: "\u00e9" },
    { ...identity, audience: "e\u0301" },
    { ...identity, audience: "\ud800" },
    { ...identity, audience: "\\ud800" },
    { ...identity, audience: "\ufffd" },
    { ...identity, format: "full" },
    { ...identity, licenses: true },
    { ...identity, format: "full", licenses: true },
  ];
  assert.equal(new Set(requests.map(mintKey)).size, requests.length);
});

Deno.test("mintKey() is shared by equal requests and by no others", () => {
  const text = fc.string({
    unit: fc.constantFrom('"', ",", "[", "]", "\\", "a", "\ud800"),
    maxLength: 3,
  });
  const request: fc.Arbitrary<MintRequest> = fc.oneof(
    fc.record({
      kind: fc.constant("access-token" as const),
      account: text,
      scopes: fc.array(text, { maxLength: 3 }),
    }, { noNullPrototype: true }),
    fc.record({
      kind: fc.constant("id-token" as const),
      account: text,
      audience: text,
      format: fc.constantFrom("standard" as const, "full" as const),
      licenses: fc.boolean(),
    }, { noNullPrototype: true }),
  );
  fc.assert(
    fc.property(request, request, (one, other) => {
      assert.equal(mintKey(one), mintKey({ ...one }));
      assert.equal(
        mintKey(one) === mintKey(other),
        isDeepStrictEqual(one, other),
      );
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("MintError.reason is a stable code, but for the caller's own fault", () => {
  const cases = [
    { failure: "iam-denied", reason: "iam-denied" },
    { failure: "iam-rejected", reason: undefined },
    { failure: "iam-unavailable", reason: "iam-unavailable" },
    { failure: "node-credentials", reason: "node-credentials" },
  ] as const;
  for (const { failure, reason } of cases) {
    const cause = new Error("upstream text");
    const error = new MintError(failure, "Not now", { cause });
    assert.equal(error.reason, reason);
    assert(reason === undefined || REASONS.includes(reason));
    assert.equal(error.failure, failure);
    assert.equal(error.name, "MintError");
    assert.equal(error.message, "Not now");
    assert.equal(error.cause, cause);
  }
});
