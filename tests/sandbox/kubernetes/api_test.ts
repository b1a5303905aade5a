import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startKubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { call, namesIn, WatchReader } from "./client.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("startKubernetesApi() answers version and health", async () => {
  await using api = await startKubernetesApi();
  assert.match(api.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const version = await call(api, "GET /version");
  assert.deepEqual([version.status, version.body["major"]], [200, "1"]);
  for (const path of ["/healthz", "/readyz", "/livez"]) {
    const health = await call(api, `GET ${path}`);
    assert.deepEqual([health.status, health.body], [200, { text: "ok" }]);
  }
});

Deno.test("startKubernetesApi() speaks JSON only", async () => {
  await using api = await startKubernetesApi();
  const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const cases: readonly (readonly [accept: string, status: number])[] = [
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    [`${table}, application/json`, 200],
    ["application/*", 200],
    [table, 406],
    ["application/vnd.kubernetes.protobuf", 406],
  ];
  for (const [accept, status] of cases) {
    const answer = await call(api, "GET /api/v1/pods", { headers: { accept } });
    assert.equal(answer.status, status, accept);
  }
});

Deno.test("requests and counts tell what was asked", async () => {
  await using api = await startKubernetesApi({
    now: () => NOW,
    tokens: [{ token: "t1", user: "bob" }],
  });
  const headers = { authorization: "Bearer t1", "user-agent": "probe/1" };
  await call(api, "GET /api/v1/namespaces/default/pods?limit=1", { headers });
  await call(api, "GET /api/v1/pods", { headers });
  await call(api, "GET /nowhere");
  const [first, , last] = api.requests;
  assert.equal(first?.query.get("limit"), "1");
  const { query: _query, ...rest } = first ?? { query: undefined };
  assert.deepEqual(rest, {
    method: "GET",
    path: "/api/v1/namespaces/default/pods",
    verb: "list",
    resource: "pods",
    userAgent: "probe/1",
    authenticatedAs: "bob",
    timeMs: NOW,
  });
  assert.deepEqual([last?.path, last?.verb, last?.authenticatedAs], [
    "/nowhere",
    "",
    undefined,
  ]);
  assert.equal(api.counts.get("list pods"), 2);
});

Deno.test("requestsMatching() resolves when enough requests have come", async () => {
  await using api = await startKubernetesApi();
  const waiting = api.requestsMatching(({ verb }) => verb === "list", 2);
  for (const path of ["/api/v1/pods", "/version", "/api/v1/namespaces"]) {
    await call(api, `GET ${path}`);
  }
  assert.deepEqual((await waiting).map(({ resource }) => resource), [
    "pods",
    "namespaces",
  ]);
});

Deno.test("watching() resolves as watches of a resource come and go", async () => {
  await using api = await startKubernetesApi();
  await api.watching("pods", 0);
  const two = api.watching("pods", 2);
  await using _namespaces = await WatchReader.open(
    api,
    "",
    "/api/v1/namespaces",
  );
  await using _first = await WatchReader.open(api);
  {
    await using _second = await WatchReader.open(api);
    await two;
  }
  await api.watching("pods", 1);
  assert.equal(api.openWatches("namespaces"), 1);
});

Deno.test("stop() drops connections, and start() listens on the same port again", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const { url } = api;
  const watch = await WatchReader.open(api);
  assert.deepEqual(await watch.names(1), ["ADDED cart"]);
  await api.stop();
  await assert.rejects(watch.line());
  assert.equal(api.openWatches("pods"), 0);
  await assert.rejects(fetch(`${url}/healthz`));
  await api.stop();
  await api.start();
  assert.equal(api.url, url);
  assert.deepEqual(namesIn((await call(api, "GET /api/v1/pods")).body), [
    "cart",
  ]);
});

Deno.test("startKubernetesApi() is understood by @kubernetes/client-node", async () => {
  await using api = await startKubernetesApi({
    now: () => NOW,
    tokens: ["t1"],
    objects: [
      namespaceObject({ name: "shop" }),
      podObject({
        name: "cart",
        namespace: "shop",
        nodeName: "n1",
        podIP: "10.0.0.1",
      }),
      podObject({ name: "pay", namespace: "shop" }),
      podObject({ name: "ship", namespace: "shop", nodeName: "n1" }),
    ],
  });
  assert.deepEqual(await runClientNode(api.url, "t1"), {
    pods: [
      { name: "cart", created: NOW, podIPs: [{ ip: "10.0.0.1" }] },
      { name: "ship", created: NOW },
    ],
    phase: "Active",
    refusal: 404,
  });
});

/** A process of its own, for the library keeps connections and timers for itself. */
async function runClientNode(url: string, token: string): Promise<unknown> {
  const probe = fileURLToPath(
    new URL("./client_node_probe.ts", import.meta.url),
  );
  const permissions = [
    "--no-prompt",
    "--allow-env",
    "--allow-net",
    "--allow-read",
    "--allow-sys",
  ];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissions, probe, url, token],
    env: { NO_COLOR: "1", NO_PROXY: "127.0.0.1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
