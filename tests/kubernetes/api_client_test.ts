import assert from "node:assert/strict";
import { KubernetesApiError } from "../../src/kubernetes/api_client.ts";
import { startKubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { textAt } from "../../src/sandbox/kubernetes/json.ts";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { createApiClient, failureOf } from "./api_setup.ts";
import { serveText } from "./text_server.ts";

const PODS = "/api/v1/pods?limit=500";
const TOKEN = "secret-token";
const never = new AbortController().signal;

Deno.test("ApiClient.read() gives the decoded body", async () => {
  await using server = serveText(200, '{"kind":"PodList","items":["é"]}');
  const clock = new ManualTime();
  using client = createApiClient(server.url, { clock, token: TOKEN });
  assert.deepEqual(await client.read(PODS, never), {
    kind: "PodList",
    items: ["é"],
  });
  const [headers] = server.received;
  assert.equal(headers?.get("authorization"), `Bearer ${TOKEN}`);
  assert.equal(headers?.get("accept"), "application/json");
  assert.equal(headers?.get("user-agent"), "assigner-test/1");
  assert.equal(clock.sleeping, 0);
});

Deno.test("ApiClient.read() without a token sends no Authorization", async () => {
  await using server = serveText(200, "{}");
  using client = createApiClient(server.url, { clock: new ManualTime() });
  await client.read(PODS, never);
  assert(!server.received[0]?.has("authorization"));
});

Deno.test("ApiClient.read() reads the token file again for each request", async () => {
  const tokenFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(tokenFile, "first\n");
    await using api = await startKubernetesApi({ tokens: ["first"] });
    const clock = new ManualTime();
    using client = createApiClient(api.url, { clock, tokenFile });
    await client.read(PODS, never);
    api.acceptTokens(["second"]);
    assert.match(await failureOf(client.read(PODS, never)), /answered 401/);
    await Deno.writeTextFile(tokenFile, "second");
    await client.read(PODS, never);
    const leaving = new AbortController();
    const body = await client.stream(`${PODS}&watch=true`, leaving.signal);
    const next = body[Symbol.asyncIterator]().next();
    leaving.abort();
    await assert.rejects(next);
    assert.deepEqual(
      api.requests.map(({ authenticatedAs }) => authenticatedAs),
      ["first", undefined, "second", "second"],
    );
  } finally {
    await Deno.remove(tokenFile);
  }
});

Deno.test("ApiClient.read() names the token file that it cannot read, never the token", async (t) => {
  const folder = await Deno.makeTempDir();
  const clock = new ManualTime();
  await using server = serveText(200, "{}");
  try {
    await t.step("missing", async () => {
      const tokenFile = `${folder}/missing`;
      using client = createApiClient(server.url, { clock, tokenFile });
      const failure = await failureOf(client.read(PODS, never));
      assert(failure.includes(tokenFile), failure);
    });
    for (const text of [`${TOKEN}\n${TOKEN}`, `${TOKEN}\0`, `${TOKEN}é`]) {
      await t.step(`holding ${JSON.stringify(text)}`, async () => {
        const tokenFile = `${folder}/token`;
        await Deno.writeTextFile(tokenFile, text);
        using client = createApiClient(server.url, { clock, tokenFile });
        const failure = await failureOf(client.read(PODS, never));
        assert.match(failure, /Authorization/);
        assert.doesNotMatch(failure, /secret-token/);
      });
    }
    assert.equal(server.received.length, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ApiClient.read() throws what the server says, briefly and without the token", async (t) => {
  const long = "x".repeat(10_000_000);
  const cases = [
    { name: "Status", body: '{"kind":"Status","message":"no"}', message: "no" },
    { name: "long Status", body: `{"message":"${long}"}`, message: undefined },
    { name: "text", body: "<html>bad gateway", message: "<html>bad gateway" },
    { name: "long text", body: long, message: "x".repeat(300) },
    { name: "nothing", body: "", message: "" },
    {
      name: "message of a number",
      body: '{"message":7}',
      message: '{"message":7}',
    },
    { name: "null", body: "null", message: "null" },
  ];
  for (const { name, body, message } of cases) {
    await t.step(name, async () => {
      await using server = serveText(403, body);
      const clock = new ManualTime();
      using client = createApiClient(server.url, { clock, token: TOKEN });
      for (
        const send of [client.read(PODS, never), client.stream(PODS, never)]
      ) {
        const error = await send.then(() => undefined, (error) => error);
        assert(error instanceof KubernetesApiError);
        assert.equal(error.status, 403);
        const head = "GET /api/v1/pods answered 403: ";
        if (message !== undefined) assert.equal(error.message, head + message);
        assert(error.message.length <= head.length + 300);
        assert(error.message.startsWith(head));
      }
      assert.equal(clock.sleeping, 0);
    });
  }
  await t.step("a proxy that shows what it was sent", async () => {
    await using server = serveText(
      502,
      (headers) => `authorization: ${headers.get("authorization")}`,
    );
    const clock = new ManualTime();
    using client = createApiClient(server.url, { clock, token: TOKEN });
    assert.equal(
      await failureOf(client.read(PODS, never)),
      "GET /api/v1/pods answered 502: authorization: Bearer [redacted]",
    );
  });
});

Deno.test("ApiClient.read() follows no redirect", async () => {
  await using target = serveText(200, "{}");
  await using server = Object.assign(
    Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => Response.redirect(target.url),
    ),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const clock = new ManualTime();
  using client = createApiClient(url, { clock, token: TOKEN });
  await assert.rejects(client.read(PODS, never));
  assert.equal(target.received.length, 0);
});

Deno.test("ApiClient.read() gives up after 30 s", async (t) => {
  await t.step("without an answer", async () => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const clock = new ManualTime();
    const url = `http://127.0.0.1:${server.addr.port}`;
    using client = createApiClient(url, { clock });
    const failure = failureOf(client.read(PODS, never));
    using _ = await server.accept();
    clock.advance(29_999);
    assert.equal(clock.sleeping, 1);
    clock.advance(1);
    assert.equal(await failure, "The API server did not answer in time");
    assert.equal(clock.sleeping, 0);
  });
  await t.step("in the middle of the body", async () => {
    const late = new ManualTime();
    await using api = await startKubernetesApi({ sleep: late.sleep });
    api.faults.delayLists(3_600_000);
    const clock = new ManualTime();
    using client = createApiClient(api.url, { clock });
    const failure = failureOf(client.read(PODS, never));
    await late.asleep(1);
    clock.advance(30_000);
    assert.equal(await failure, "The API server did not answer in time");
  });
});

Deno.test("ApiClient.read() ends with its signal, and leaves no timer", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new ManualTime();
  using client = createApiClient(`http://127.0.0.1:${server.addr.port}`, {
    clock,
  });
  const leaving = new AbortController();
  const failure = failureOf(client.read(PODS, leaving.signal));
  using _ = await server.accept();
  leaving.abort(new Error("left"));
  assert.equal(await failure, "left");
  assert.equal(clock.sleeping, 0);
  assert.equal(await failureOf(client.read(PODS, leaving.signal)), "left");
});

Deno.test("ApiClient.read() throws on a body that is cut off or no JSON", async () => {
  const clock = new ManualTime();
  await using api = await startKubernetesApi();
  api.faults.cutNextList();
  using client = createApiClient(api.url, { clock });
  await assert.rejects(client.read(PODS, never));
  await using server = serveText(200, "{");
  using other = createApiClient(server.url, { clock });
  await assert.rejects(other.read(PODS, never), SyntaxError);
  assert.equal(clock.sleeping, 0);
});

Deno.test("ApiClient.send() creates and patches an object, and gives it as the server has it", async () => {
  await using api = await startKubernetesApi({ tokens: [TOKEN] });
  const clock = new ManualTime();
  using client = createApiClient(api.url, { clock, token: TOKEN });
  const pods = "/api/v1/namespaces/default/pods";
  const created = await client.send(
    { method: "POST", path: pods, body: podObject({ name: "cart" }) },
    never,
  );
  const ref = { resource: "pods", namespace: "default", name: "cart" } as const;
  assert.deepEqual(created, api.cluster.get(ref));
  const body = { metadata: { annotations: { note: "é" } } };
  const patched = await client.send(
    { method: "PATCH", path: `${pods}/cart`, body },
    never,
  );
  assert.equal(textAt(api.cluster.get(ref), "metadata.annotations.note"), "é");
  assert.deepEqual(patched, api.cluster.get(ref));
  assert.deepEqual(
    api.requests.map(({ verb, userAgent }) => [verb, userAgent]),
    [["create", "assigner-test/1"], ["patch", "assigner-test/1"]],
  );
  assert.equal(clock.sleeping, 0);
});

Deno.test("ApiClient.send() throws what the server says, without the token and the body", async () => {
  await using server = serveText(
    403,
    (headers) => `authorization: ${headers.get("authorization")}`,
  );
  const clock = new ManualTime();
  using client = createApiClient(server.url, { clock, token: TOKEN });
  const write = { path: "/api/v1/pods?dryRun=All", body: { note: "private" } };
  for (const method of ["POST", "PATCH"] as const) {
    const error = await client.send({ method, ...write }, never)
      .catch((error) => error);
    assert(error instanceof KubernetesApiError);
    assert.equal(error.status, 403);
    assert.equal(
      error.message,
      `${method} /api/v1/pods answered 403: authorization: Bearer [redacted]`,
    );
  }
});

Deno.test("ApiClient.send() takes 201 for what was created only", async () => {
  await using server = serveText(201, "{}");
  using client = createApiClient(server.url, { clock: new ManualTime() });
  const write = { path: "/api/v1/pods", body: {} };
  assert.deepEqual(await client.send({ method: "POST", ...write }, never), {});
  await assert.rejects(
    client.send({ method: "PATCH", ...write }, never),
    KubernetesApiError,
  );
  await assert.rejects(client.read(PODS, never), KubernetesApiError);
});

Deno.test("ApiClient.send() gives up after 30 s, and sends nothing twice", async () => {
  const asked = Promise.withResolvers<void>();
  let requests = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      requests += 1;
      asked.resolve();
      return new Promise<Response>((resolve) =>
        answering.signal.addEventListener(
          "abort",
          () => resolve(new Response()),
        )
      );
    },
  );
  const answering = new AbortController();
  const clock = new ManualTime();
  using client = createApiClient(`http://127.0.0.1:${server.addr.port}`, {
    clock,
  });
  const failure = failureOf(
    client.send({ method: "POST", path: "/events", body: {} }, never),
  );
  await asked.promise;
  clock.advance(30_000);
  assert.equal(await failure, "The API server did not answer in time");
  assert.equal(requests, 1);
  assert.equal(clock.sleeping, 0);
  answering.abort();
});
