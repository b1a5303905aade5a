import assert from "node:assert/strict";
import { MintError } from "../../src/core/mint.ts";
import { statusOf, toMintError } from "../../src/google/iam_error.ts";

const account = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("toMintError() survives whatever was thrown, and keeps it as the cause", async (t) => {
  const cases = [
    { name: "nothing", error: undefined },
    { name: "null", error: null },
    { name: "text", error: "secret" },
    { name: "status that is text", error: { status: "403" } },
    { name: "plain error", error: new TypeError("secret") },
  ];
  for (const { name, error } of cases) {
    await t.step(name, () => {
      const mapped = toMintError(error, { account, nowMs: 0 });
      assert.equal(mapped.failure, "iam-unavailable");
      assert.equal(mapped.cause, error);
      assert.ok(!mapped.message.includes("secret"));
    });
  }
});

Deno.test("toMintError() blames the account for a 403 without a known reason", async (t) => {
  const cases = [
    { name: "no body", response: undefined },
    { name: "text", response: { data: "SERVICE_DISABLED" } },
    { name: "no error", response: { data: {} } },
    { name: "no details", response: { data: { error: {} } } },
    {
      name: "details that are no list",
      response: {
        data: { error: { details: { reason: "SERVICE_DISABLED" } } },
      },
    },
    {
      name: "details that are no objects",
      response: { data: { error: { details: [null, "SERVICE_DISABLED"] } } },
    },
    {
      name: "another reason",
      response: { data: { error: { details: [{ reason: "constructor" }] } } },
    },
  ];
  for (const { name, response } of cases) {
    await t.step(name, () => {
      const mapped = toMintError({ status: 403, response }, {
        account,
        nowMs: 0,
      });
      assert.equal(mapped.failure, "iam-denied");
      assert.match(mapped.message, /^The node's account may not act as app@/);
    });
  }
});

Deno.test("toMintError() finds the reason behind other details", () => {
  const details = [{ "@type": "help" }, { reason: "SERVICE_DISABLED" }];
  const error = { status: 403, response: { data: { error: { details } } } };
  assert.equal(
    toMintError(error, { account, nowMs: 0 }).failure,
    "node-credentials",
  );
});

Deno.test("toMintError() passes on what is mapped already", () => {
  const error = new MintError("node-credentials", "x");
  assert.equal(toMintError(error, { account, nowMs: 0 }), error);
});

Deno.test("statusOf() gives nothing for what has no status", () => {
  assert.equal(statusOf({ status: 401 }), 401);
  assert.equal(statusOf(new Error("401")), undefined);
  assert.equal(statusOf(undefined), undefined);
});
