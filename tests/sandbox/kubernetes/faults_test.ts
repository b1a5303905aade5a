import assert from "node:assert/strict";
import { connect } from "node:net";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../../src/sandbox/kubernetes/api.ts";
import { textAt } from "../../../src/sandbox/kubernetes/json.ts";
import { podObject } from "../../../src/sandbox/kubernetes/objects.ts";
import { call, namesIn, WatchReader } from "./client.ts";
import { ManualTime } from "../manual_time.ts";

/** Opens a watch on a bare socket and tells how it ended: by an error, or with what text. */
function watchToTheEnd(api: KubernetesApi): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("data", (chunk) => text += chunk);
  socket.on("end", () => resolve(text));
  socket.on(
    "error",
    (error) => resolve("code" in error ? `${error.code}` : error.message),
  );
  socket.write(
    "GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  );
  return promise;
}

Deno.test("resetConnections() breaks watches by RST in mid-stream", async () => {
  await using api = await startKubernetesApi();
  const ended = watchToTheEnd(api);
  await using watch = await WatchReader.open(api);
  await api.watching("pods", 2);
  api.faults.resetConnections();
  assert.equal(api.openWatches("pods"), 0);
  assert.equal(await ended, "ECONNRESET");
  await assert.rejects(watch.line());
  await using next = await WatchReader.open(api);
  api.cluster.create(podObject({ name: "cart" }));
  assert.deepEqual(await next.names(1), ["ADDED cart"]);
});

Deno.test("endWatches() ends watches cleanly", async () => {
  await using api = await startKubernetesApi();
  const ended = watchToTheEnd(api);
  await api.watching("pods", 1);
  api.faults.endWatches();
  assert.match(await ended, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n0\r\n\r\n$/);
  assert.equal(api.openWatches("pods"), 0);
});

Deno.test("silence() keeps events back until speak()", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "a" })],
  });
  await using before = await WatchReader.open(api);
  assert.deepEqual(await before.names(1), ["ADDED a"]);
  api.faults.silence();
  await using after = await WatchReader.open(api);
  const [first, second] = [before.names(1), after.names(2)];
  api.cluster.create(podObject({ name: "b" }));
  assert.deepEqual(namesIn((await call(api, "GET /api/v1/pods")).body), [
    "a",
    "b",
  ]);
  assert.equal(
    await Promise.race([
      first,
      second,
      call(api, "GET /healthz").then(() => "quiet"),
    ]),
    "quiet",
  );
  api.faults.speak();
  assert.deepEqual(await first, ["ADDED b"]);
  assert.deepEqual(await second, ["ADDED a", "ADDED b"]);
});

Deno.test("failNext() fails so many matching requests, in order of planning", async () => {
  await using api = await startKubernetesApi();
  api.faults.failNext(2, {
    status: 429,
    retryAfterSeconds: 7,
    when: ({ verb }) => verb === "list",
  });
  api.faults.failNext(1, { status: 503, message: "etcd is down" });
  const first = await call(api, "GET /api/v1/pods");
  assert.equal(first.status, 429);
  assert.equal(first.headers.get("retry-after"), "7");
  assert.equal(first.body["reason"], "TooManyRequests");
  assert.deepEqual(first.body["details"], { retryAfterSeconds: 7 });
  const other = await call(api, "GET /version");
  assert.deepEqual([other.status, other.body["message"]], [
    503,
    "etcd is down",
  ]);
  assert.equal(other.headers.get("retry-after"), null);
  assert.equal((await call(api, "GET /api/v1/pods?watch=0")).status, 429);
  assert.equal((await call(api, "GET /api/v1/pods")).status, 200);
});

Deno.test("failNext() fails watches too", async () => {
  await using api = await startKubernetesApi();
  api.faults.failNext(1, { status: 500, when: ({ verb }) => verb === "watch" });
  assert.equal((await call(api, "GET /api/v1/pods?watch=1")).status, 500);
});

Deno.test("cutNextList() breaks one list in the middle of its body", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  api.faults.cutNextList();
  const response = await fetch(`${api.url}/api/v1/pods`);
  assert.equal(response.status, 200);
  const length = Number(response.headers.get("content-length"));
  let received = 0;
  await assert.rejects(async () => {
    for await (const chunk of response.body ?? []) received += chunk.length;
  });
  assert.equal(received, length >> 1);
  assert.equal((await call(api, "GET /api/v1/pods")).status, 200);
});

Deno.test("cutNextEvent() breaks a watch in the middle of its next event", async () => {
  await using api = await startKubernetesApi();
  await using watch = await WatchReader.open(api);
  await using namespaces = await WatchReader.open(
    api,
    "&resourceVersion=1000",
    "/api/v1/namespaces",
  );
  await api.watching("pods", 1);
  api.faults.cutNextEvent("pods");
  const object = api.cluster.create(podObject({ name: "cart" }));
  api.cluster.create(podObject({ name: "pay" }));
  await assert.rejects(watch.line());
  const line = JSON.stringify({ type: "ADDED", object });
  assert.equal(watch.unread, line.slice(0, line.length >> 1));
  await api.watching("pods", 0);
  assert.deepEqual(await namespaces.names(1), ["ADDED default"]);
});

Deno.test("delayLists() sends the head of a list before its body", async () => {
  const time = new ManualTime();
  await using api = await startKubernetesApi({
    now: time.now,
    sleep: time.sleep,
  });
  api.faults.delayLists(5000);
  const response = await fetch(`${api.url}/api/v1/pods`);
  assert.equal(response.status, 200);
  const body = response.json();
  await time.asleep(1);
  time.advance(4999);
  assert.equal(time.sleeping, 1);
  time.advance(1);
  assert.deepEqual(namesIn(await body), []);
  api.faults.delayLists(0);
  assert.equal((await call(api, "GET /api/v1/pods")).status, 200);
});

Deno.test("delayLists() leaves nothing behind when the client goes first", async () => {
  await using api = await startKubernetesApi();
  api.faults.delayLists(3_600_000);
  const response = await fetch(`${api.url}/api/v1/pods`);
  await response.body?.cancel();
  api.faults.delayLists(0);
  assert.equal((await call(api, "GET /api/v1/pods")).status, 200);
});

Deno.test("useQuirks() lets a server ignore limit", async () => {
  const objects = ["a", "b", "c"].map((name) => podObject({ name }));
  await using api = await startKubernetesApi({
    objects,
    quirks: { limit: "ignored" },
  });
  const { body } = await call(api, "GET /api/v1/pods?limit=1");
  assert.deepEqual(namesIn(body), ["a", "b", "c"]);
  assert.equal(textAt(body, "metadata.continue"), "");
  api.faults.useQuirks({});
  assert.deepEqual(
    namesIn((await call(api, "GET /api/v1/pods?limit=1")).body),
    ["a"],
  );
});

Deno.test("useQuirks() lets a server send no bookmarks", async () => {
  const time = new ManualTime();
  await using api = await startKubernetesApi({
    now: time.now,
    sleep: time.sleep,
  });
  api.faults.useQuirks({ bookmarks: "never" });
  await using watch = await WatchReader.open(
    api,
    "&allowWatchBookmarks=true&timeoutSeconds=1",
  );
  await time.asleep(1);
  api.sendBookmarks();
  time.advance(1000);
  assert.equal(await watch.event(), undefined);
});

Deno.test("useQuirks() lets an expired watch be refused by HTTP status", async () => {
  await using api = await startKubernetesApi({
    quirks: { expiredWatch: "status" },
  });
  const { status, body } = await call(
    api,
    "GET /api/v1/pods?watch=1&resourceVersion=1",
  );
  assert.equal(status, 410);
  assert.equal(body["reason"], "Expired");
});

Deno.test("injectLine() sends anything into open watches", async () => {
  await using api = await startKubernetesApi();
  await using pods = await WatchReader.open(api);
  await using namespaces = await WatchReader.open(
    api,
    "&resourceVersion=1000",
    "/api/v1/namespaces",
  );
  await api.watching("pods", 1);
  api.faults.injectLine("{ garbage");
  api.faults.injectLine('{"type":"ERROR","object":{"code":500}}', "pods");
  assert.equal(await pods.line(), "{ garbage");
  assert.equal(await pods.seen(), "ERROR @");
  assert.equal((await namespaces.names(4)).length, 4);
  assert.equal(await namespaces.line(), "{ garbage");
});

Deno.test("clear() switches planned faults off", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  api.faults.failNext(9, { status: 500 });
  api.faults.cutNextList();
  api.faults.delayLists(3_600_000);
  api.faults.silence();
  api.faults.useQuirks({ limit: "ignored" });
  api.faults.clear();
  assert.equal((await call(api, "GET /api/v1/pods?limit=1")).status, 200);
  await using watch = await WatchReader.open(api);
  assert.deepEqual(await watch.names(1), ["ADDED cart"]);
});
