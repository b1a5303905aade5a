import assert from "node:assert/strict";
import { importJWK, jwtVerify } from "jose";
import type { Mint, MintFailure, MintRequest } from "../../src/core/mint.ts";
import { createImpersonation } from "../../src/google/impersonation.ts";
import { createSourceClient } from "../../src/google/source_client.ts";
import type { Fault } from "../../src/sandbox/fault_plan.ts";
import {
  APP,
  CLOSED,
  type GoogleSide,
  MIDDLE,
  NODE,
  startGoogleSide,
  STORAGE,
} from "./google_side.ts";
import { failureOf, mintFailure } from "./mint_failure.ts";
import { json, startScriptedServer } from "./scripted_server.ts";

const access: MintRequest = {
  kind: "access-token",
  account: APP,
  scopes: [STORAGE],
};
const identity: MintRequest = {
  kind: "id-token",
  account: APP,
  audience: "https://a.example/x?y=1&z=ü",
  format: "full",
  licenses: true,
};
const never = new AbortController().signal;

/** Impersonates at some endpoint, with a source token that needs no server. */
function mintAt(endpoint: string, delegates: readonly string[] = []): Mint {
  const source = createSourceClient({
    kind: "metadata",
    fetchToken: () =>
      Promise.resolve({
        value: "source-token",
        expiresAtMs: Date.now() + 3_600_000,
      }),
  });
  return createImpersonation(source, () => ({
    endpoint,
    lifetimeMs: 1_800_999,
    delegates,
  }), Date.now);
}

Deno.test("createImpersonation() sends exactly the documented request", async (t) => {
  const cases = [
    {
      name: "access token",
      request: access,
      delegates: [],
      path: `/v1/projects/-/serviceAccounts/${APP}:generateAccessToken`,
      body: `{"scope":["${STORAGE}"],"lifetime":"1800s"}`,
    },
    {
      name: "access token through delegates",
      request: access,
      delegates: [MIDDLE, CLOSED],
      path: `/v1/projects/-/serviceAccounts/${APP}:generateAccessToken`,
      body: `{"delegates":["projects/-/serviceAccounts/${MIDDLE}",` +
        `"projects/-/serviceAccounts/${CLOSED}"],` +
        `"scope":["${STORAGE}"],"lifetime":"1800s"}`,
    },
    {
      name: "ID token",
      request: identity,
      delegates: [],
      path: `/v1/projects/-/serviceAccounts/${APP}:generateIdToken`,
      body: '{"audience":"https://a.example/x?y=1&z=ü","includeEmail":true}',
    },
    {
      name: "ID token through a delegate",
      request: identity,
      delegates: [MIDDLE],
      path: `/v1/projects/-/serviceAccounts/${APP}:generateIdToken`,
      body: `{"delegates":["projects/-/serviceAccounts/${MIDDLE}"],` +
        '"audience":"https://a.example/x?y=1&z=ü","includeEmail":true}',
    },
  ];
  for (const { name, request, delegates, path, body } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => json({}));
      const mint = mintAt(`${server.url}/base`, delegates);
      await mintFailure(mint, request);
      const [received, ...more] = server.received;
      assert.equal(more.length, 0);
      assert.equal(received?.method, "POST");
      assert.equal(received?.target, `/base${path}`);
      assert.equal(received?.body, body);
      const headers = new Headers(received?.headers.map(([k, v]) => [k, v]));
      assert.equal(headers.get("authorization"), "Bearer source-token");
      assert.equal(headers.get("content-type"), "application/json");
    });
  }
});

Deno.test("createImpersonation() mints an access token and tells IAM's expiry", async () => {
  await using google = await startGoogleSide();
  const token = await google.mint(access, never);
  const granted = google.iam.describe(token.value);
  assert.equal(granted?.account, APP);
  assert.deepEqual(granted?.scopes, [STORAGE]);
  assert.equal(token.expiresAtMs, granted?.expiresAtMs);
  assert.equal(google.iam.calls.entries[0]?.caller, NODE);
  assert.equal(google.iam.calls.entries[0]?.lifetimeSeconds, 3600);
});

Deno.test("createImpersonation() mints an ID token and reads its expiry", async () => {
  await using google = await startGoogleSide();
  const token = await google.mint(identity, never);
  const key = await importJWK({ ...google.iam.publicJwk });
  const { payload } = await jwtVerify(token.value, key);
  assert.equal(payload.aud, "https://a.example/x?y=1&z=ü");
  assert.equal(payload["email"], APP);
  assert.equal(token.expiresAtMs, (payload.exp ?? 0) * 1000);
});

Deno.test("createImpersonation() gives no token longer than was asked for where the clock is behind", async (t) => {
  const behindMs = 7_200_000;
  const cases = [
    { name: "access token", request: access, lifetimeMs: 3_600_000 },
    { name: "ID token", request: identity, lifetimeMs: 3_600_000 },
  ];
  for (const { name, request, lifetimeMs } of cases) {
    await t.step(name, async () => {
      await using google = await startGoogleSide({ behindMs });
      const { expiresAtMs } = await google.mint(request, never);
      assert.equal(expiresAtMs, google.time.now() - behindMs + lifetimeMs);
    });
  }
});

Deno.test("createImpersonation() acts through delegates", async () => {
  await using google = await startGoogleSide({ delegates: [MIDDLE] });
  const token = await google.mint(access, never);
  assert.equal(google.iam.describe(token.value)?.account, APP);
});

Deno.test("createImpersonation() takes the node's token once for many calls", async () => {
  await using google = await startGoogleSide();
  await Promise.all([1, 2, 3].map(() => google.mint(access, never)));
  await google.mint(identity, never);
  assert.equal(google.countNodeTokens(), 1);
});

Deno.test("createImpersonation() forgets a refused source token and tries once more", async () => {
  await using google = await startGoogleSide();
  google.iam.faults.add({ kind: "status", status: 401 }, { times: 1 });
  const token = await google.mint(access, never);
  assert.equal(google.iam.describe(token.value)?.account, APP);
  assert.deepEqual(google.iam.calls.entries.map(({ status }) => status), [
    401,
    200,
  ]);
  assert.equal(google.countNodeTokens(), 2);
});

Deno.test("createImpersonation() tries no third time", async () => {
  await using google = await startGoogleSide();
  google.iam.faults.add({ kind: "status", status: 401 });
  const error = await mintFailure(google.mint, access);
  assert.equal(error.failure, "node-credentials");
  assert.equal(google.iam.calls.count(), 2);
});

Deno.test("createImpersonation() maps each failure after one call, and tells no upstream text", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly fault: Fault;
    readonly failure: MintFailure;
  }[] = [
    {
      name: "400",
      fault: { kind: "status", status: 400 },
      failure: "iam-rejected",
    },
    {
      name: "403",
      fault: { kind: "status", status: 403 },
      failure: "iam-denied",
    },
    {
      name: "404",
      fault: { kind: "status", status: 404 },
      failure: "iam-denied",
    },
    {
      name: "408",
      fault: { kind: "status", status: 408 },
      failure: "iam-unavailable",
    },
    {
      name: "429 with Retry-After",
      fault: { kind: "status", status: 429, headers: { "Retry-After": "1" } },
      failure: "iam-unavailable",
    },
    {
      name: "500",
      fault: { kind: "status", status: 500 },
      failure: "iam-unavailable",
    },
    {
      name: "503",
      fault: { kind: "status", status: 503 },
      failure: "iam-unavailable",
    },
    {
      name: "502 page of a proxy",
      fault: { kind: "html", status: 502 },
      failure: "iam-unavailable",
    },
    {
      name: "403 page of a proxy",
      fault: { kind: "html", status: 403 },
      failure: "iam-denied",
    },
    {
      name: "200 page of a portal",
      fault: { kind: "html", status: 200 },
      failure: "iam-unavailable",
    },
    {
      name: "garbage",
      fault: { kind: "garbage" },
      failure: "iam-unavailable",
    },
    { name: "truncated", fault: { kind: "cut" }, failure: "iam-unavailable" },
    { name: "reset", fault: { kind: "reset" }, failure: "iam-unavailable" },
  ];
  for (const { name, fault, failure } of cases) {
    for (const request of [access, identity]) {
      await t.step(`${name}, ${request.kind}`, async () => {
        await using google = await startGoogleSide();
        google.iam.faults.add(fault);
        const error = await mintFailure(google.mint, request);
        assert.equal(error.failure, failure);
        assert.equal(google.iam.calls.count(), 1);
        assertPublic(error.message, google);
      });
    }
  }
});

Deno.test("createImpersonation() tells whose fault a refusal is", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly request: MintRequest;
    readonly arrange: (google: GoogleSide) => unknown;
    readonly failure: MintFailure;
    readonly message: RegExp;
  }[] = [
    {
      name: "not granted",
      request: { ...access, account: CLOSED },
      arrange: (): void => {},
      failure: "iam-denied",
      message: new RegExp(`${CLOSED}.*iam.serviceAccountTokenCreator`),
    },
    {
      name: "no such account",
      request: { ...access, account: "gone@demo-proj.iam.gserviceaccount.com" },
      arrange: (): void => {},
      failure: "iam-denied",
      message: /gone@demo-proj.* does not exist/,
    },
    {
      name: "unknown scope",
      request: { ...access, scopes: ["gopher://x"] },
      arrange: (): void => {},
      failure: "iam-rejected",
      message: /scopes/,
    },
    {
      name: "API switched off",
      request: access,
      arrange: ({ iam }) => iam.setApi("disabled"),
      failure: "node-credentials",
      message: /API is not enabled/,
    },
    {
      name: "node's scopes too narrow",
      request: access,
      arrange: ({ metadata }) => metadata.setAccount({ scopes: [STORAGE] }),
      failure: "node-credentials",
      message: /lack the cloud-platform scope/,
    },
    {
      name: "node without an account",
      request: access,
      arrange: ({ metadata }) => metadata.setAccount("none"),
      failure: "node-credentials",
      message: /no usable credentials/,
    },
    {
      name: "metadata server down",
      request: access,
      arrange: ({ metadata }) => metadata.stop(),
      failure: "node-credentials",
      message: /no usable credentials/,
    },
    {
      name: "metadata server refuses with 400",
      request: access,
      arrange: ({ metadata }) =>
        metadata.faults.add({ kind: "status", status: 400 }),
      failure: "node-credentials",
      message: /no usable credentials/,
    },
    {
      name: "IAM down",
      request: access,
      arrange: ({ iam }) => iam.stop(),
      failure: "iam-unavailable",
      message: /try again/,
    },
  ];
  for (const { name, request, arrange, failure, message } of cases) {
    await t.step(name, async () => {
      await using google = await startGoogleSide();
      await arrange(google);
      const error = await mintFailure(google.mint, request);
      assert.equal(error.failure, failure);
      assert.match(error.message, message);
      assertPublic(error.message, google);
    });
  }
});

/** Nothing of IAM's or the metadata server's words, and no token. */
function assertPublic(message: string, { iam, metadata }: GoogleSide): void {
  for (
    const text of [
      ...iam.tokens,
      ...metadata.tokens,
      "ya29",
      "ordered",
      "temporary error",
      "this does not parse",
      "html",
      "127.0.0.1",
      "Gaia",
      "resource (or it may not exist)",
      "has not been used",
      "\n",
    ]
  ) {
    assert.ok(!message.includes(text), `${message} tells ${text}`);
  }
}

Deno.test("createImpersonation() refuses an answer that lacks what it should hold", async (t) => {
  const jwt = (claims: string): string => `e30.${btoa(claims)}.c2ln`;
  const expireTime = "2030-01-02T03:04:05Z";
  const cases = [
    { name: "empty object", request: access, answer: {} },
    { name: "null", request: access, answer: null },
    { name: "array", request: access, answer: [] },
    {
      name: "empty token",
      request: access,
      answer: { accessToken: "", expireTime },
    },
    {
      name: "token that is no text",
      request: access,
      answer: { accessToken: 1, expireTime },
    },
    {
      name: "no expiry",
      request: access,
      answer: { accessToken: "secret-token" },
    },
    {
      name: "expiry that is no date",
      request: access,
      answer: { accessToken: "secret-token", expireTime: "soon" },
    },
    { name: "no ID token", request: identity, answer: {} },
    { name: "no JWT", request: identity, answer: { token: "secret-token" } },
    {
      name: "JWT that is no base64",
      request: identity,
      answer: { token: "e30.***.c2ln" },
    },
    {
      name: "JWT without claims",
      request: identity,
      answer: { token: jwt("[") },
    },
    {
      name: "JWT without expiry",
      request: identity,
      answer: { token: jwt("{}") },
    },
    {
      name: "JWT with an expiry that is no number",
      request: identity,
      answer: { token: jwt('{"exp":"1"}') },
    },
    {
      name: "the other kind of answer",
      request: identity,
      answer: { accessToken: "secret-token", expireTime },
    },
  ];
  for (const { name, request, answer } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => json(answer));
      const mint = mintAt(server.url);
      const error = await mintFailure(mint, request);
      assert.equal(error.failure, "iam-unavailable");
      assert.ok(!Deno.inspect(error).includes("secret-token"));
    });
  }
});

Deno.test("createImpersonation() rejects with the signal's reason when a hanging call is aborted", async () => {
  await using google = await startGoogleSide();
  const release = google.iam.faults.hold();
  const stop = new AbortController();
  const minting = google.mint(access, stop.signal);
  await google.iam.calls.reached(1);
  const reason = new Error("enough");
  stop.abort(reason);
  await assert.rejects(minting, (error) => error === reason);
  release();
});

Deno.test("createImpersonation() makes no call for a signal that has fired", async () => {
  await using google = await startGoogleSide();
  const reason = new Error("enough");
  await assert.rejects(
    google.mint(access, AbortSignal.abort(reason)),
    (error) => error === reason,
  );
  assert.equal(google.iam.calls.count(), 0);
});

Deno.test("createImpersonation() works again after the metadata server failed", async () => {
  await using google = await startGoogleSide();
  google.metadata.faults.add({ kind: "status", status: 503 }, { times: 1 });
  const failure = await failureOf(google.mint(access, never));
  assert.equal(failure.failure, "node-credentials");
  const token = await google.mint(access, never);
  assert.equal(google.iam.describe(token.value)?.account, APP);
});
