import type { Clock } from "../../src/core/clock.ts";
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import type { MintRequest } from "../../src/core/mint.ts";
import type { Fault } from "../../src/sandbox/fault_plan.ts";
import { APP, CLOSED, PLATFORM, STORAGE } from "../google/google_side.ts";
import { type PodSide, SA, startPodSide, USERINFO } from "./pod_side.ts";

const TEXT = "application/text";
const JSON_TYPE = "application/json";
const ACCOUNT_JSON =
  `{"aliases":["default"],"email":"${APP}","scopes":["${PLATFORM}","${USERINFO}"]}`;
const ACCOUNT_LINES = `aliases/0 default\nemail ${APP}\n` +
  `scopes/0 ${PLATFORM}\nscopes/1 ${USERINFO}\n`;

Deno.test("answerAccounts(), answerAccount() and answerEntry() answer byte for byte", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { target: "/", type: TEXT, body: `${APP}/\ndefault/\n` },
    {
      target: "/?recursive=true",
      type: JSON_TYPE,
      body: `{"${APP}":${ACCOUNT_JSON},"default":${ACCOUNT_JSON}}`,
    },
    {
      target: "/?recursive=true&alt=json",
      type: JSON_TYPE,
      body: `{"${APP}":${ACCOUNT_JSON},"default":${ACCOUNT_JSON}}`,
    },
    {
      target: "/?recursive=true&alt=text",
      type: TEXT,
      body: [APP, "default"].map((name) =>
        ACCOUNT_LINES.replace(/^/gm, `${name}/`).slice(0, -name.length - 1)
      ).join(""),
    },
    { target: "/?recursive=false", type: TEXT, body: `${APP}/\ndefault/\n` },
    {
      target: "/default/",
      type: TEXT,
      body: "aliases\nemail\nidentity\nscopes\ntoken\n",
    },
    {
      target: `/${APP}/`,
      type: TEXT,
      body: "aliases\nemail\nidentity\nscopes\ntoken\n",
    },
    ...["true", "True", "1", "on", "YES"].map((value) => ({
      target: `/default/?recursive=${value}`,
      type: JSON_TYPE,
      body: ACCOUNT_JSON,
    })),
    {
      target: `/${APP}/?recursive=true`,
      type: JSON_TYPE,
      body: ACCOUNT_JSON,
    },
    {
      target: "/default/?recursive=true&alt=text",
      type: TEXT,
      body: ACCOUNT_LINES,
    },
    { target: "/default/aliases", type: TEXT, body: "default\n" },
    {
      target: "/default/aliases?alt=json",
      type: JSON_TYPE,
      body: '["default"]',
    },
    { target: "/default/email", type: TEXT, body: APP },
    { target: `/${APP}/email`, type: TEXT, body: APP },
    { target: "/default/email?recursive=true", type: TEXT, body: APP },
    { target: "/default/email?alt=text", type: TEXT, body: APP },
    { target: "/default/email?alt=json", type: JSON_TYPE, body: `"${APP}"` },
    {
      target: "/default/scopes",
      type: TEXT,
      body: `${PLATFORM}\n${USERINFO}\n`,
    },
    {
      target: "/default/scopes?alt=json",
      type: JSON_TYPE,
      body: `["${PLATFORM}","${USERINFO}"]`,
    },
  ];
  for (const { target, type, body } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(SA + target);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(answer.body, body);
      assert.match(answer.header("ETag") ?? "", /^[0-9a-f]{16}$/);
    });
  }
  assert.deepEqual(side.upstreamTargets(), []);
  assert.equal(side.google.iam.calls.count(), 0);
});

Deno.test("answerAccounts(), answerAccount() and answerEntry() refuse what is not there", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { target: "/?alt=json", status: 400 },
    { target: "/?alt=text", status: 400 },
    { target: "/default/?alt=json", status: 400 },
    { target: "/default/token/", status: 404 },
    { target: "/default/email/", status: 404 },
    { target: "/default/Token", status: 404 },
    { target: "/default/token.", status: 404 },
    { target: "/default/unknown", status: 404 },
    { target: "/default/token/x", status: 404 },
    { target: "/default/__proto__", status: 404 },
    { target: "/__proto__/", status: 404 },
    { target: `/${CLOSED}/`, status: 404 },
    { target: `/${CLOSED}/?recursive=true`, status: 404 },
    { target: `/${CLOSED}/email`, status: 404 },
    { target: `/${CLOSED}/token`, status: 404 },
    { target: `/${CLOSED}/identity?audience=A`, status: 404 },
    { target: `/${APP.toUpperCase()}/token`, status: 404 },
    { target: "/Default/token", status: 404 },
    { target: `/${APP.replace("@", "%40")}/token`, status: 404 },
  ];
  for (const { target, status } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(SA + target);
      assert.equal(answer.status, status);
      assert.ok(!answer.body.includes(CLOSED));
    });
  }
  assert.equal(side.google.iam.calls.count(), 0);
});

Deno.test("answerEntry() gives the token in every form that clients ask for", async (t) => {
  await using side = await startPodSide();
  const first = await side.get(`${SA}/default/token`);
  const [token = ""] = side.google.iam.tokens;
  const json =
    `{"access_token":"${token}","expires_in":3600,"token_type":"Bearer"}`;
  assert.equal(first.body, json);
  assert.deepEqual(side.google.iam.describe(token)?.scopes, [
    PLATFORM,
    USERINFO,
  ]);
  const cases = [
    { target: `/${APP}/token`, type: JSON_TYPE, body: json },
    { target: "/default/token?recursive=true", type: JSON_TYPE, body: json },
    { target: "/default/token?alt=json", type: JSON_TYPE, body: json },
    { target: "/default/token?scopes=", type: JSON_TYPE, body: json },
    {
      target:
        "/default/token?audience=https%3A%2F%2Fwww.googleapis.com%2Foauth2%2Fv4%2Ftoken",
      type: JSON_TYPE,
      body: json,
    },
    {
      target: "/default/token?transport=alts&bindCertificateFingerprint=x",
      type: JSON_TYPE,
      body: json,
    },
    {
      target: "/default/token?enforce_scopes=TRUE",
      type: JSON_TYPE,
      body: json,
    },
    {
      target: "/default/token?alt=text",
      type: TEXT,
      body: `access_token ${token}\nexpires_in 3600\ntoken_type Bearer\n`,
    },
  ];
  for (const { target, type, body } of cases) {
    await t.step(target, async () => {
      const answer = await side.get(SA + target);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(answer.header("Cache-Control"), "no-store");
      assert.equal(answer.header("ETag"), undefined);
      assert.equal(answer.body, body);
    });
  }
  assert.equal(side.google.iam.calls.count(), 1);
});

/** A clock whose time does not go on. */
const STOPPED: Clock = {
  now: () => 1_000_000,
  sleep: () => new Promise<void>(() => {}),
};

Deno.test("answerEntry() tells the seconds left as a whole number, at least 1", async (t) => {
  const cases = [
    { name: "fresh", leftMs: 3_600_000, expires: 3600 },
    { name: "a while later", leftMs: 3_499_999, expires: 3499 },
    { name: "nearly over", leftMs: 1_999, expires: 1 },
  ];
  for (const { name, leftMs, expires } of cases) {
    await t.step(name, async () => {
      await using side = await startPodSide({
        replace: {
          clock: STOPPED,
          mint: () =>
            Promise.resolve({ value: "x", expiresAtMs: 1_000_000 + leftMs }),
        },
      });
      const { body } = await side.get(`${SA}/default/token`);
      assert.equal(
        body,
        `{"access_token":"x","expires_in":${expires},"token_type":"Bearer"}`,
      );
    });
  }
});

Deno.test("answerEntry() refuses a token that is over", async () => {
  await using side = await startPodSide({
    replace: {
      clock: STOPPED,
      mint: () => Promise.resolve({ value: "x", expiresAtMs: 1_000_999 }),
    },
  });
  const answer = await side.get(`${SA}/default/token`);
  assert.equal(answer.status, 503);
  assert.equal(JSON.parse(answer.body).reason, "iam-unavailable");
});

Deno.test("answerEntry() mints the wanted scopes if they are the pod's, else the pod's own set", async (t) => {
  const own = [PLATFORM, USERINFO];
  const url = encodeURIComponent(USERINFO);
  const cases = [
    { scopes: url, minted: [USERINFO] },
    { scopes: USERINFO, minted: [USERINFO] },
    { scopes: "userinfo.email", minted: [USERINFO] },
    { scopes: `${url}%2C${encodeURIComponent(PLATFORM)}`, minted: own },
    { scopes: `${USERINFO},${PLATFORM},${USERINFO}`, minted: own },
    { scopes: STORAGE, minted: own },
    { scopes: `${USERINFO},${STORAGE}`, minted: own },
    { scopes: ",,", minted: own },
  ];
  for (const { scopes, minted } of cases) {
    await t.step(scopes, async () => {
      await using side = await startPodSide();
      const answer = await side.get(`${SA}/default/token?scopes=${scopes}`);
      const token = JSON.parse(answer.body).access_token;
      assert.deepEqual(side.google.iam.describe(token)?.scopes, minted);
      assert.equal(side.google.iam.calls.count(), 1);
    });
  }
});

Deno.test("answerEntry() never mints beyond the pod's annotation", async () => {
  await using side = await startPodSide({
    pods: { "127.0.0.1": { scopesAnnotation: STORAGE } },
  });
  await side.get(`${SA}/default/token?scopes=${PLATFORM}`);
  assert.deepEqual(side.google.iam.calls.entries[0]?.scopes, [STORAGE]);
});

Deno.test("answerEntry() refuses parameters of a token without a call to IAM", async (t) => {
  await using side = await startPodSide();
  const cases = [
    "wait_for_change=true",
    "enforce_scopes=false",
    "enforce_scopes=",
    "scopes=a%0d%0aX:1",
    "scopes=%22",
    "scopes=a%00",
    "scopes=userinfo.email+cloud-platform",
    "scopes=userinfo.email%20cloud-platform",
    `scopes=${"x".repeat(600)}`,
    "scopes=javascript:alert(1)",
  ];
  for (const query of cases) {
    await t.step(query.slice(0, 40), async () => {
      const answer = await side.get(`${SA}/default/token?${query}`);
      assert.equal(answer.status, 400);
      assert.equal(answer.header("Content-Type"), "text/html");
    });
  }
  assert.equal(side.google.iam.calls.count(), 0);
});

Deno.test("answerEntry() gives an ID token for the very audience, encoded or raw", async (t) => {
  const cases = [
    {
      query: "audience=https%3A%2F%2Fa.example%2Fx",
      aud: "https://a.example/x",
    },
    { query: "audience=https://a.example/x", aud: "https://a.example/x" },
    { query: "audience=a+b%20c%2Bd", aud: "a+b c+d" },
    { query: "audience=a%26audience%3Db", aud: "a&audience=b" },
    { query: "audience=%C3%BC", aud: "ü" },
    { query: "audience=a%2525", aud: "a%25" },
    { query: "audience=x=y", aud: "x=y" },
    { query: "audience=A&format=full&licenses=TRUE", aud: "A" },
    { query: "licenses=false&format=Standard&audience=A", aud: "A" },
    { query: "audience=A&recursive=true&alt=json", aud: "A" },
    { query: `audience=${"x".repeat(2_048)}`, aud: "x".repeat(2_048) },
  ];
  for (const { query, aud } of cases) {
    await t.step(query.slice(0, 40), async () => {
      await using side = await startPodSide();
      const answer = await side.get(`${SA}/default/identity?${query}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.header("Content-Type"), "text/html");
      assert.equal(answer.header("Cache-Control"), "no-store");
      assert.equal(answer.header("ETag"), undefined);
      assert.match(answer.body, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      const claims = decodeJwt(answer.body);
      assert.equal(claims.aud, aud);
      assert.equal(claims["email"], APP);
    });
  }
});

Deno.test("answerEntry() refuses an ID token without audience or of unknown format", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { query: "", body: "non-empty audience parameter required" },
    { query: "?audience=", body: "non-empty audience parameter required" },
    { query: "?Audience=A", body: "non-empty audience parameter required" },
    {
      query: `?audience=${"x".repeat(2_049)}`,
      body: "audience is too long",
    },
    {
      query: "?audience=A&format=bogus",
      body: "format must be standard or full",
    },
    { query: "?audience=A&audience=B", body: "Malformed query" },
  ];
  for (const { query, body } of cases) {
    await t.step(query.slice(0, 40), async () => {
      const answer = await side.get(`${SA}/default/identity${query}`);
      assert.equal(answer.status, 400);
      assert.equal(answer.header("Content-Type"), "text/html");
      assert.equal(answer.body, body);
    });
  }
  assert.equal(side.google.iam.calls.count(), 0);
});

Deno.test("answerEntry() asks for ID tokens that are never mixed up", async () => {
  const asked: MintRequest[] = [];
  await using side = await startPodSide({
    replace: {
      mint: (request) => {
        asked.push(request);
        return Promise.resolve({ value: "x", expiresAtMs: 1 });
      },
    },
  });
  const identity = `${SA}/default/identity?audience`;
  await side.get(`${identity}=A`);
  await side.get(`${identity}=B&format=FULL&licenses=True`);
  const common = { kind: "id-token", account: APP };
  assert.deepEqual(asked, [
    { ...common, audience: "A", format: "standard", licenses: false },
    { ...common, audience: "B", format: "full", licenses: true },
  ]);
});

Deno.test("answerEntry() serves no audience for another", async () => {
  await using side = await startPodSide();
  const identity = `${SA}/default/identity?audience`;
  const bodies = await Promise.all(
    ["A", "B", "A", "B"].map((audience) => side.get(`${identity}=${audience}`)),
  );
  assert.deepEqual(bodies.map(({ body }) => decodeJwt(body).aud), [
    "A",
    "B",
    "A",
    "B",
  ]);
  assert.equal(side.google.iam.calls.count(), 2);
});

Deno.test("answerEntry() tells why there is no token, in the form that clients parse", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly fault?: Fault;
    readonly arrange?: (side: PodSide) => unknown;
    readonly status: number;
    readonly error: string;
    readonly reason: string;
  }[] = [
    {
      name: "IAM refuses",
      fault: { kind: "status", status: 403 },
      status: 403,
      error: "access_denied",
      reason: "iam-denied",
    },
    {
      name: "no such account",
      fault: { kind: "status", status: 404 },
      status: 403,
      error: "access_denied",
      reason: "iam-denied",
    },
    {
      name: "quota",
      fault: { kind: "status", status: 429 },
      status: 503,
      error: "temporarily_unavailable",
      reason: "iam-unavailable",
    },
    {
      name: "IAM fails",
      fault: { kind: "status", status: 500 },
      status: 503,
      error: "temporarily_unavailable",
      reason: "iam-unavailable",
    },
    {
      name: "reset",
      fault: { kind: "reset" },
      status: 503,
      error: "temporarily_unavailable",
      reason: "iam-unavailable",
    },
    {
      name: "API switched off",
      arrange: ({ google }) => google.iam.setApi("disabled"),
      status: 503,
      error: "temporarily_unavailable",
      reason: "node-credentials",
    },
    {
      name: "metadata server down",
      arrange: ({ google }) => google.metadata.stop(),
      status: 503,
      error: "temporarily_unavailable",
      reason: "node-credentials",
    },
  ];
  for (const { name, fault, arrange, status, error, reason } of cases) {
    for (const entry of ["token", "identity?audience=A"]) {
      await t.step(`${name}, ${entry}`, async () => {
        await using side = await startPodSide();
        if (fault !== undefined) side.google.iam.faults.add(fault);
        await arrange?.(side);
        const answer = await side.get(`${SA}/default/${entry}`);
        assert.equal(answer.status, status);
        assert.equal(answer.header("Content-Type"), JSON_TYPE);
        assert.equal(
          answer.header("Retry-After"),
          status === 503 ? "1" : undefined,
        );
        const body = JSON.parse(answer.body);
        assert.deepEqual(Object.keys(body), [
          "error",
          "error_description",
          "reason",
        ]);
        assert.equal(body.error, error);
        assert.equal(body.reason, reason);
        assert.doesNotMatch(answer.body, /ordered|ya29|127\.0\.0\.1/);
        assert.equal(side.exchanges[0]?.answer.reason, reason);
        assert.ok(side.exchanges[0]?.answer.cause instanceof Error);
      });
    }
  }
});

Deno.test("answerEntry() answers what IAM finds wrong with a parameter with 400 and no reason code", async () => {
  await using side = await startPodSide();
  side.google.iam.faults.add({ kind: "status", status: 400 });
  const answer = await side.get(`${SA}/default/token`);
  assert.equal(answer.status, 400);
  assert.equal(answer.header("Content-Type"), "text/html");
  assert.equal(answer.body, "IAM does not accept the scopes or the audience");
});

Deno.test("answerEntry() has one call to IAM for a hundred simultaneous requests", async () => {
  await using side = await startPodSide();
  const release = side.google.iam.faults.hold();
  const asking = Promise.all(
    Array.from({ length: 100 }, () => side.get(`${SA}/default/token`)),
  );
  await side.google.iam.calls.reached(1);
  release();
  const bodies = (await asking).map(({ body }) => body);
  assert.equal(new Set(bodies).size, 1);
  assert.equal(side.google.iam.calls.count(), 1);
});
