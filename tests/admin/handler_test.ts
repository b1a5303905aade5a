import assert from "node:assert/strict";
import type { DebugOptions } from "../../src/admin/debug_handler.ts";
import { blankRequestView } from "../../src/metadata/request_view.ts";
import { Ring } from "../../src/admin/ring.ts";
import {
  type AdminHandlerOptions,
  createAdminHandler,
} from "../../src/admin/handler.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { type RawRequest, request } from "../metadata/raw_client.ts";
import type { RawAnswer } from "../sandbox/raw_http.ts";

interface Admin extends AsyncDisposable {
  send(raw: Partial<RawRequest> & { readonly target: string }): Promise<
    RawAnswer
  >;
}

const host = "Host: 127.0.0.1:8182";

function start(options: Partial<AdminHandlerOptions> = {}): Admin {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    createAdminHandler({
      health: () => ({ hostIP: "10.0.0.1", projectId: "demo-proj" }),
      conditions: () => [{ name: "index", ok: true, detail: "3 pods known" }],
      metrics: new Metrics("1.2.3"),
      ...options,
    }),
  );
  return {
    send: (raw) => request(server.addr.port, { headers: [host], ...raw }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("createAdminHandler() tells health as JSON", async () => {
  await using admin = start();
  const answer = await admin.send({ target: "/healthz?x=1" });
  assert.equal(answer.status, 200);
  assert.equal(answer.header("Content-Type"), "application/json");
  assert.equal(answer.body, '{"hostIP":"10.0.0.1","projectId":"demo-proj"}');
});

Deno.test("createAdminHandler() tells readiness, and the conditions when not ready or asked for", async (t) => {
  const good = { name: "index", ok: true, detail: "3 pods known" };
  const bad = { name: "index", ok: false, detail: "not listed yet" };
  const cases = [
    { name: "ready", conditions: [good], query: "", status: 200, body: "ok\n" },
    {
      name: "ready, verbose",
      conditions: [good],
      query: "?verbose",
      status: 200,
      body: "[+]index ok: 3 pods known\nok\n",
    },
    {
      name: "not ready",
      conditions: [bad],
      query: "",
      status: 503,
      body: "[-]index failed: not listed yet\nnot ready\n",
    },
    {
      name: "one of two",
      conditions: [good, bad],
      query: "?verbose=1",
      status: 503,
      body: "[+]index ok: 3 pods known\n" +
        "[-]index failed: not listed yet\nnot ready\n",
    },
  ];
  for (const { name, conditions, query, status, body } of cases) {
    await t.step(name, async () => {
      await using admin = start({ conditions: () => conditions });
      const answer = await admin.send({ target: `/readyz${query}` });
      assert.equal(answer.status, status);
      assert.equal(answer.body, body);
      assert.equal(answer.header("Content-Type"), "text/plain; charset=utf-8");
    });
  }
});

Deno.test("createAdminHandler() asks for health and conditions at each request", async () => {
  let ok = false;
  await using admin = start({
    conditions: () => [{ name: "index", ok, detail: "x" }],
  });
  assert.equal((await admin.send({ target: "/readyz" })).status, 503);
  ok = true;
  assert.equal((await admin.send({ target: "/readyz" })).status, 200);
});

Deno.test("createAdminHandler() serves the metrics", async () => {
  await using admin = start();
  const answer = await admin.send({ target: "/metrics" });
  assert.equal(answer.status, 200);
  assert.equal(
    answer.header("Content-Type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  assert.ok(
    answer.body.includes('saassigner_build_info{version="1.2.3"} 1\n'),
  );
});

Deno.test("createAdminHandler() refuses what it does not have", async (t) => {
  await using admin = start();
  const cases = [
    { target: "/", status: 404 },
    { target: "/healthz/", status: 404 },
    { target: "/Healthz", status: 404 },
    { target: "/computeMetadata/v1/", status: 404 },
    { method: "POST", target: "/healthz", status: 405 },
    { method: "DELETE", target: "/nothing", status: 405 },
    { target: "/healthz", headers: ["Host: ev il"], status: 400 },
    { target: "/healthz", headers: ["Host: a:99999"], status: 400 },
  ];
  for (const { status, ...raw } of cases) {
    await t.step(JSON.stringify(raw), async () => {
      const answer = await admin.send(raw);
      assert.equal(answer.status, status);
      assert.equal(
        answer.header("Allow"),
        status === 405 ? "GET, HEAD" : undefined,
      );
    });
  }
});

Deno.test("createAdminHandler() answers HEAD with the headers alone", async (t) => {
  await using admin = start();
  for (const target of ["/healthz", "/readyz", "/metrics", "/nothing"]) {
    await t.step(target, async () => {
      const get = await admin.send({ target });
      const head = await admin.send({ method: "HEAD", target });
      assert.equal(head.status, get.status);
      assert.equal(head.body, "");
      assert.equal(head.header("Content-Type"), get.header("Content-Type"));
    });
  }
});

const debug: DebugOptions = {
  state: () => ({
    version: "1",
    node: "n",
    projectId: "p",
    conditions: [],
    store: { pods: [] },
    tokens: [],
    traceUrlTemplate: "",
  }),
  requests: new Ring(2, blankRequestView),
  configText: () => "log:\n",
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  stopping: new AbortController().signal,
};

Deno.test("createAdminHandler() tells the store to this machine only, and only if debugging is on", async (t) => {
  const target = "/debug/store";
  await t.step("off", async () => {
    await using admin = start();
    assert.equal((await admin.send({ target })).status, 404);
  });
  const cases = [
    { name: "address", headers: [host], status: 200 },
    { name: "name", headers: ["Host: localhost:8182"], status: 200 },
    { name: "IPv6", headers: ["Host: [::1]:8182"], status: 200 },
    { name: "rebound name", headers: ["Host: attacker.example"], status: 403 },
    {
      name: "name that begins well",
      headers: ["Host: localhost.attacker.example"],
      status: 403,
    },
    { name: "another address", headers: ["Host: 10.0.0.1"], status: 403 },
  ];
  for (const { name, headers, status } of cases) {
    await t.step(name, async () => {
      await using admin = start({ debug });
      const answer = await admin.send({ target, headers });
      assert.equal(answer.status, status);
      assert.equal(
        answer.body,
        status === 200 ? '{\n  "pods": []\n}' : "Forbidden\n",
      );
    });
  }
  await t.step("peer elsewhere", async () => {
    const handle = createAdminHandler({
      health: () => ({ hostIP: undefined, projectId: undefined }),
      conditions: () => [],
      metrics: new Metrics("1"),
      debug,
    });
    const answer = await handle(new Request(`http://127.0.0.1${target}`), {
      remoteAddr: { transport: "tcp", hostname: "10.0.0.5", port: 1 },
    });
    assert.equal(answer.status, 403);
  });
});
