import assert from "node:assert/strict";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import {
  type IamCredentials,
  type IamCredentialsOptions,
  startIamCredentials,
} from "../../../src/sandbox/iam/credentials.ts";
import { sharedSigningKey } from "../shared_signing_key.ts";
import { TokenLedger } from "../../../src/sandbox/token_ledger.ts";
import { deriveUniqueId } from "../../../src/sandbox/unique_id.ts";
import { ManualTime } from "../manual_time.ts";
import { type RawAnswer, sendRaw } from "../raw_http.ts";

const node = "gke-node@demo-proj.iam.gserviceaccount.com";
const app = "app@demo-proj.iam.gserviceaccount.com";
const middle = "middle@demo-proj.iam.gserviceaccount.com";
const last = "last@demo-proj.iam.gserviceaccount.com";
const closed = "closed@demo-proj.iam.gserviceaccount.com";
const platform = "https://www.googleapis.com/auth/cloud-platform";
const storage = "https://www.googleapis.com/auth/devstorage.read_only";
const signingKey = await sharedSigningKey();

interface Fixture extends AsyncDisposable {
  readonly iam: IamCredentials;
  readonly time: ManualTime;
  readonly token: string;
  readonly ledger: TokenLedger;
  call(options?: CallOptions): Promise<RawAnswer>;
}

interface CallOptions {
  readonly account?: string;
  readonly method?: "generateAccessToken" | "generateIdToken";
  readonly body?: unknown;
  readonly authorization?: string | undefined;
}

async function start(
  options: Partial<IamCredentialsOptions> = {},
): Promise<Fixture> {
  const time = new ManualTime();
  const ledger = new TokenLedger("ya29.c.node-");
  const token = ledger.mint({
    account: node,
    scopes: [platform],
    expiresAtMs: time.now() + 3_600_000,
  });
  const iam = await startIamCredentials({
    now: time.now,
    sleep: time.sleep,
    signingKey,
    accountOf: (bearer) => ledger.describe(bearer),
    accounts: {
      [app]: [node],
      [middle]: [node],
      [last]: [middle],
      [closed]: [],
    },
    ...options,
  });
  return {
    iam,
    time,
    token,
    ledger,
    call(call: CallOptions = {}): Promise<RawAnswer> {
      const { account = app, method = "generateAccessToken" } = call;
      const body = call.body ??
        (method === "generateAccessToken"
          ? { scope: [storage] }
          : { audience: "aud" });
      const authorization = "authorization" in call
        ? call.authorization
        : `Bearer ${token}`;
      return sendRaw(iam.url.slice("http://".length), {
        method: "POST",
        target: `/v1/projects/-/serviceAccounts/${account}:${method}`,
        headers: [
          "Content-Type: application/json",
          ...(authorization === undefined
            ? []
            : [`Authorization: ${authorization}`]),
        ],
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    },
    [Symbol.asyncDispose]: () => iam[Symbol.asyncDispose](),
  };
}

function readError(answer: RawAnswer): {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly metadata: Record<string, string> | undefined;
} {
  const { error } = JSON.parse(answer.body);
  assert.equal(error.code, answer.status);
  const details: {
    "@type": string;
    reason: string;
    metadata: Record<string, string>;
  }[] = error.details ?? [];
  const info = details.find((one) =>
    one["@type"] === "type.googleapis.com/google.rpc.ErrorInfo"
  );
  const { code, status, message } = error;
  return {
    code,
    status,
    message,
    reason: info?.reason,
    metadata: info?.metadata,
  };
}

Deno.test("generateAccessToken mints an opaque token for the account, scopes and lifetime asked for", async () => {
  await using fixture = await start();
  const { iam, time } = fixture;
  const answer = await fixture.call({
    body: { scope: [storage], lifetime: "1800s" },
  });
  assert.equal(answer.status, 200);
  assert.equal(
    answer.header("Content-Type"),
    "application/json; charset=UTF-8",
  );
  const body = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(body), ["accessToken", "expireTime"]);
  assert.match(body.accessToken, /^ya29\.\S{20,}$/);
  assert.equal(body.expireTime, "2026-01-02T03:34:05Z");
  assert.deepEqual(iam.describe(body.accessToken), {
    account: app,
    scopes: [storage],
    expiresAtMs: time.now() + 1_800_000,
  });
  const second = JSON.parse((await fixture.call()).body);
  assert.equal(second.expireTime, "2026-01-02T04:04:05Z");
  assert.deepEqual(iam.tokens, [body.accessToken, second.accessToken]);
  assert.equal(new Set(iam.tokens).size, 2);
  assert.equal(iam.describe(fixture.token), undefined);
});

Deno.test("generateIdToken signs Google's claims, the e-mail only when asked", async () => {
  await using fixture = await start();
  const { iam, time } = fixture;
  const answer = await fixture.call({
    method: "generateIdToken",
    body: { audience: "https://a.example", includeEmail: true },
  });
  assert.equal(answer.status, 200);
  const { token, ...rest } = JSON.parse(answer.body);
  assert.deepEqual(rest, {});
  const certificates = await sendRaw(iam.url.slice("http://".length), {
    target: "/oauth2/v3/certs",
  });
  const keys = createLocalJWKSet(JSON.parse(certificates.body));
  const { payload } = await jwtVerify(token, keys, {
    currentDate: new Date(time.now()),
  });
  const issuedAt = Math.floor(time.now() / 1000);
  assert.deepEqual(payload, {
    aud: "https://a.example",
    azp: deriveUniqueId(app),
    email: app,
    email_verified: true,
    exp: issuedAt + 3600,
    iat: issuedAt,
    iss: "https://accounts.google.com",
    sub: deriveUniqueId(app),
  });
  const bare = decodeJwt(
    JSON.parse((await fixture.call({ method: "generateIdToken" })).body).token,
  );
  assert.equal(bare["email"], undefined);
  assert.equal(bare["email_verified"], undefined);
  const named = decodeJwt(
    JSON.parse(
      (await fixture.call({
        method: "generateIdToken",
        body: {
          audience: "a",
          include_email: true,
          useEmailAzp: true,
          delegates: null,
        },
      })).body,
    ).token,
  );
  assert.equal(named["azp"], app);
  assert.equal(named["email"], app);
});

Deno.test("startIamCredentials() finds the account by e-mail, escaped e-mail and unique id", async (t) => {
  await using fixture = await start();
  for (const account of [app, app.replace("@", "%40"), deriveUniqueId(app)]) {
    await t.step(account, async () => {
      const answer = await fixture.call({ account });
      assert.equal(answer.status, 200);
      assert.equal(
        fixture.iam.describe(JSON.parse(answer.body).accessToken)?.account,
        app,
      );
    });
  }
});

Deno.test("startIamCredentials() refuses malformed requests with 400 INVALID_ARGUMENT", async (t) => {
  await using fixture = await start();
  const id = "generateIdToken" as const;
  const cases = [
    { name: "no scope", body: {}, message: /invalid argument/ },
    { name: "empty body", body: "", message: /invalid argument/ },
    {
      name: "empty scope list",
      body: { scope: [] },
      message: /invalid argument/,
    },
    {
      name: "scope without scheme",
      body: { scope: ["storage"] },
      message: /invalid argument/,
    },
    {
      name: "scope with a space",
      body: { scope: [`${storage} x`] },
      message: /invalid argument/,
    },
    {
      name: "scope with a quote",
      body: { scope: [`${storage}"`] },
      message: /invalid argument/,
    },
    {
      name: "scope of a wrong type",
      body: { scope: "x" },
      message: /'scope' \(TYPE_STRING\), "x"/,
    },
    {
      name: "unknown field",
      body: { scope: [storage], foo: 1 },
      message: /Unknown name "foo": Cannot find field/,
    },
    {
      name: "two unknown fields",
      body: { a: 1, b: 2 },
      message: /"a".*\n.*"b"/,
    },
    {
      name: "audience on an access token",
      body: { audience: "x" },
      message: /Unknown name "audience"/,
    },
    {
      name: "lifetime as a number",
      body: { scope: [storage], lifetime: 60 },
      message: /'lifetime'.*Duration/,
    },
    {
      name: "lifetime without a unit",
      body: { scope: [storage], lifetime: "60" },
      message: /'lifetime'.*Duration/,
    },
    {
      name: "lifetime of zero",
      body: { scope: [storage], lifetime: "0s" },
      message: /invalid argument/,
    },
    {
      name: "lifetime over an hour",
      body: { scope: [storage], lifetime: "3601s" },
      message: /1 hour/,
    },
    { name: "bad JSON", body: "{", message: /Invalid JSON payload/ },
    { name: "an array", body: "[]", message: /Root element must be a message/ },
    { name: "no audience", method: id, body: {}, message: /invalid argument/ },
    {
      name: "empty audience",
      method: id,
      body: { audience: "" },
      message: /invalid argument/,
    },
    {
      name: "includeEmail as text",
      method: id,
      body: { audience: "a", includeEmail: "yes" },
      message: /TYPE_BOOL/,
    },
    {
      name: "scope on an ID token",
      method: id,
      body: { audience: "a", scope: [] },
      message: /Unknown name "scope"/,
    },
  ];
  for (const { name, message, ...options } of cases) {
    await t.step(name, async () => {
      const answer = await fixture.call(options);
      assert.equal(answer.status, 400);
      const error = readError(answer);
      assert.equal(error.status, "INVALID_ARGUMENT");
      assert.match(error.message, message);
    });
  }
  await t.step("a project in place of the dash", async () => {
    const answer = await sendRaw(fixture.iam.url.slice("http://".length), {
      method: "POST",
      target:
        `/v1/projects/demo-proj/serviceAccounts/${app}:generateAccessToken`,
      headers: [`Authorization: Bearer ${fixture.token}`],
      body: JSON.stringify({ scope: [storage] }),
    });
    assert.equal(readError(answer).status, "INVALID_ARGUMENT");
  });
  await t.step("an unknown query key", async () => {
    const answer = await sendRaw(fixture.iam.url.slice("http://".length), {
      method: "POST",
      target:
        `/v1/projects/-/serviceAccounts/${app}:generateAccessToken?alt=json&bar=1`,
      headers: [`Authorization: Bearer ${fixture.token}`],
      body: JSON.stringify({ scope: [storage] }),
    });
    assert.match(
      readError(answer).message,
      /Unknown name "bar".*query parameter/,
    );
  });
});

Deno.test("generateAccessToken grants up to twelve hours to the accounts that may", async () => {
  await using fixture = await start({ extendedLifetimeAccounts: [app] });
  const ask = (lifetime: string): Promise<RawAnswer> =>
    fixture.call({ body: { scope: [storage], lifetime } });
  assert.equal(
    JSON.parse((await ask("43200s")).body).expireTime,
    "2026-01-02T15:04:05Z",
  );
  assert.equal((await ask("43201s")).status, 400);
});

Deno.test("startIamCredentials() shows the front end's page for any other method or path", async (t) => {
  await using fixture = await start();
  const path = `/v1/projects/-/serviceAccounts/${app}`;
  const cases = [
    { method: "GET", target: `${path}:generateAccessToken` },
    { method: "PUT", target: `${path}:generateAccessToken` },
    { method: "POST", target: `${path}:nothing` },
    { method: "POST", target: `${path}:constructor` },
    { method: "POST", target: path },
    { method: "POST", target: "/" },
  ];
  for (const { method, target } of cases) {
    await t.step(`${method} ${target}`, async () => {
      const answer = await sendRaw(fixture.iam.url.slice("http://".length), {
        method,
        target,
      });
      assert.equal(answer.status, 404);
      assert.equal(answer.header("Content-Type"), "text/html; charset=UTF-8");
    });
  }
  assert.equal(fixture.iam.calls.count(), 0);
});

Deno.test("startIamCredentials() refuses missing, unknown, expired and narrow bearer tokens", async () => {
  await using fixture = await start();
  const { ledger, time } = fixture;
  const refuse = async (
    authorization: string | undefined,
  ): Promise<ReturnType<typeof readError>> =>
    readError(await fixture.call({ authorization }));
  const missing = await refuse(undefined);
  assert.deepEqual([missing.code, missing.status, missing.reason], [
    401,
    "UNAUTHENTICATED",
    "CREDENTIALS_MISSING",
  ]);
  for (
    const authorization of [
      "Bearer nonsense",
      `Basic ${fixture.token}`,
      fixture.token,
    ]
  ) {
    const unknown = await refuse(authorization);
    assert.deepEqual([unknown.code, unknown.reason], [
      401,
      "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    ]);
  }
  const narrow = await refuse(
    `Bearer ${
      ledger.mint({ account: node, scopes: [storage], expiresAtMs: Infinity })
    }`,
  );
  assert.deepEqual(
    [narrow.code, narrow.status, narrow.reason],
    [403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"],
  );
  assert.equal(narrow.metadata?.["service"], "iamcredentials.googleapis.com");
  const iamScope = ledger.mint({
    account: node,
    scopes: ["https://www.googleapis.com/auth/iam"],
    expiresAtMs: Infinity,
  });
  assert.equal(
    (await fixture.call({ authorization: `Bearer ${iamScope}` })).status,
    200,
  );
  time.advance(3_600_000);
  const expired = await refuse(`Bearer ${fixture.token}`);
  assert.deepEqual([expired.code, expired.reason], [
    401,
    "ACCESS_TOKEN_EXPIRED",
  ]);
});

Deno.test("startIamCredentials() refuses callers without a grant, from the next call on", async () => {
  await using fixture = await start();
  const { iam } = fixture;
  const denied = readError(await fixture.call({ account: closed }));
  assert.deepEqual(
    [
      denied.code,
      denied.status,
      denied.reason,
      denied.metadata?.["permission"],
    ],
    [
      403,
      "PERMISSION_DENIED",
      "IAM_PERMISSION_DENIED",
      "iam.serviceAccounts.getAccessToken",
    ],
  );
  const deniedId = readError(
    await fixture.call({ account: closed, method: "generateIdToken" }),
  );
  assert.equal(
    deniedId.metadata?.["permission"],
    "iam.serviceAccounts.getOpenIdToken",
  );
  iam.accounts.grant(closed, node);
  assert.equal((await fixture.call({ account: closed })).status, 200);
  iam.accounts.revoke(closed, node);
  assert.equal((await fixture.call({ account: closed })).status, 403);
});

Deno.test("startIamCredentials() does not let an account act as itself without a grant", async () => {
  await using fixture = await start();
  fixture.iam.accounts.add(node);
  assert.equal((await fixture.call({ account: node })).status, 403);
  fixture.iam.accounts.grant(node, node);
  assert.equal((await fixture.call({ account: node })).status, 200);
});

Deno.test("startIamCredentials() answers 404 NOT_FOUND for accounts that do not exist", async () => {
  await using fixture = await start();
  const account = "gone@demo-proj.iam.gserviceaccount.com";
  const error = readError(await fixture.call({ account }));
  assert.deepEqual([error.code, error.status], [404, "NOT_FOUND"]);
  fixture.iam.accounts.remove(app);
  assert.equal((await fixture.call()).status, 404);
});

Deno.test("setApi() disables the API for everyone", async () => {
  await using fixture = await start({ projectNumber: "42" });
  fixture.iam.setApi("disabled");
  const error = readError(await fixture.call());
  assert.deepEqual([error.code, error.reason], [403, "SERVICE_DISABLED"]);
  assert.equal(error.metadata?.["consumer"], "projects/42");
  fixture.iam.setApi("enabled");
  assert.equal((await fixture.call()).status, 200);
});

Deno.test("startIamCredentials() checks every hop of a delegation chain", async (t) => {
  await using fixture = await start();
  const cases = [
    { name: "direct", account: last, delegates: [], status: 403 },
    {
      name: "through a delegate",
      account: last,
      delegates: [middle],
      status: 200,
    },
    {
      name: "through a resource name",
      account: last,
      delegates: [`projects/-/serviceAccounts/${deriveUniqueId(middle)}`],
      status: 200,
    },
    {
      name: "delegate without the last grant",
      account: closed,
      delegates: [middle],
      status: 403,
    },
    {
      name: "delegate without the first grant",
      account: last,
      delegates: [closed, middle],
      status: 403,
    },
    {
      name: "delegate that does not exist",
      account: last,
      delegates: ["x@y.z"],
      status: 404,
    },
  ];
  for (const { name, account, delegates, status } of cases) {
    await t.step(name, async () => {
      const answer = await fixture.call({
        account,
        body: { scope: [storage], delegates },
      });
      assert.equal(answer.status, status);
    });
  }
});

Deno.test("startIamCredentials() accepts a token of its own as the source", async () => {
  await using fixture = await start();
  const minted = JSON.parse(
    (await fixture.call({ account: middle, body: { scope: [platform] } })).body,
  );
  const answer = await fixture.call({
    account: last,
    authorization: `Bearer ${minted.accessToken}`,
  });
  assert.equal(answer.status, 200);
  assert.equal(fixture.iam.calls.entries[1]?.caller, middle);
});

Deno.test("calls records what was asked, by whom, and what came of it", async () => {
  await using fixture = await start();
  const { calls } = fixture.iam;
  await fixture.call({
    body: { scope: [storage], lifetime: "60s", delegates: [] },
  });
  await fixture.call({
    account: closed,
    method: "generateIdToken",
    body: { audience: "a", includeEmail: true },
  });
  await fixture.call({ body: "{", authorization: undefined });
  const common = {
    scopes: [],
    audience: "",
    includeEmail: false,
    lifetimeSeconds: undefined,
    delegates: [],
  };
  assert.deepEqual(calls.entries, [
    {
      ...common,
      account: app,
      kind: "access-token",
      caller: node,
      scopes: [storage],
      lifetimeSeconds: 60,
      status: 200,
    },
    {
      ...common,
      account: closed,
      kind: "id-token",
      caller: node,
      audience: "a",
      includeEmail: true,
      status: 403,
    },
    {
      ...common,
      account: app,
      kind: "access-token",
      caller: undefined,
      status: 400,
    },
  ]);
  assert.equal(calls.count(({ account }) => account === app), 2);
});

Deno.test("faults answer as Google or its front end does when it fails, globally or for one account", async (t) => {
  await using fixture = await start();
  const { iam, time } = fixture;
  await t.step("status with Retry-After", async () => {
    iam.faults.add({
      kind: "status",
      status: 503,
      headers: { "Retry-After": "7" },
    }, { times: 2 });
    const answer = await fixture.call();
    assert.equal(readError(answer).status, "UNAVAILABLE");
    assert.equal(answer.header("Retry-After"), "7");
    assert.equal((await fixture.call()).status, 503);
    assert.equal((await fixture.call()).status, 200);
  });
  await t.step("quota", async () => {
    iam.faults.add({ kind: "status", status: 429 }, { times: 1 });
    const error = readError(await fixture.call());
    assert.deepEqual([error.status, error.reason], [
      "RESOURCE_EXHAUSTED",
      "RATE_LIMIT_EXCEEDED",
    ]);
  });
  await t.step("html", async () => {
    iam.faults.add({ kind: "html", status: 502 }, { times: 1 });
    const answer = await fixture.call();
    assert.equal(answer.status, 502);
    assert.equal(answer.header("Content-Type"), "text/html; charset=UTF-8");
  });
  await t.step("garbage", async () => {
    iam.faults.add({ kind: "garbage" }, { times: 1 });
    const answer = await fixture.call();
    assert.equal(answer.status, 200);
    assert.throws(() => JSON.parse(answer.body));
  });
  await t.step("cut", async () => {
    iam.faults.add({ kind: "cut" }, { times: 1 });
    const answer = await fixture.call();
    assert.equal(answer.status, 200);
    assert.ok(answer.body.length < Number(answer.header("Content-Length")));
  });
  await t.step("reset", async () => {
    iam.faults.add({ kind: "reset" }, { times: 1 });
    assert.equal((await fixture.call()).status, 0);
    assert.equal(iam.calls.entries.at(-1)?.status, undefined);
  });
  await t.step("delay", async () => {
    iam.faults.add({ kind: "delay", ms: 4500 }, { times: 1 });
    const delayed = fixture.call();
    await time.asleep(1);
    time.advance(4500);
    assert.equal((await delayed).status, 200);
  });
  await t.step("one account", async () => {
    const remove = iam.faults.add({ kind: "status", status: 500 }, {
      where: ({ account }) => account === app,
    });
    assert.equal((await fixture.call()).status, 500);
    assert.equal((await fixture.call({ account: middle })).status, 200);
    remove();
    assert.equal((await fixture.call()).status, 200);
  });
});

Deno.test("faults.hold() keeps calls waiting, mints only after the release", async () => {
  await using fixture = await start();
  const { iam, time } = fixture;
  const release = iam.faults.hold({ where: ({ account }) => account === app });
  const held = [fixture.call(), fixture.call()];
  await iam.calls.reached(2, ({ account }) => account === app);
  assert.equal((await fixture.call({ account: middle })).status, 200);
  assert.equal(iam.tokens.length, 1);
  time.advance(10_000);
  release();
  const answers = await Promise.all(held);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  assert.equal(
    JSON.parse(answers[0]?.body ?? "").expireTime,
    "2026-01-02T04:04:15Z",
  );
  assert.equal((await fixture.call()).status, 200);
});

Deno.test("stop() drops held calls and refuses new ones until start()", async () => {
  await using fixture = await start();
  fixture.iam.faults.hold({ times: 1 });
  const held = fixture.call();
  await fixture.iam.calls.reached(1);
  await fixture.iam.stop();
  assert.equal((await held).status, 0);
  await assert.rejects(fixture.call(), Deno.errors.ConnectionRefused);
  await fixture.iam.start();
  assert.equal((await fixture.call()).status, 200);
});
