import assert from "node:assert/strict";
import { startKubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import { textAt, valueAt } from "../../../src/sandbox/kubernetes/json.ts";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { call, mergePatch, WatchReader } from "./client.ts";
import { ManualTime } from "../manual_time.ts";

const CART = { resource: "pods", namespace: "default", name: "cart" } as const;
const ON_N1 = "&fieldSelector=spec.nodeName%3Dn1";

Deno.test("WatchStream sends its head at once, before any event", async () => {
  await using api = await startKubernetesApi();
  await using watch = await WatchReader.open(api);
  assert.equal(watch.response.status, 200);
  assert.equal(watch.response.headers.get("content-type"), "application/json");
  assert.equal(watch.response.headers.get("transfer-encoding"), "chunked");
  await api.watching("pods", 1);
});

Deno.test("WatchStream begins with what exists, then goes on live", async (t) => {
  for (const query of ["", "&resourceVersion=0", "&resourceVersion="]) {
    await t.step(`from "${query}"`, async () => {
      await using api = await startKubernetesApi({
        objects: [podObject({ name: "cart" })],
      });
      await using watch = await WatchReader.open(api, query);
      const first = await watch.event();
      assert.equal(first?.["type"], "ADDED");
      assert.deepEqual(first?.["object"], api.cluster.get(CART));
      const changed = api.cluster.patch(CART, {
        metadata: { labels: { a: "b" } },
      });
      assert.deepEqual(await watch.event(), {
        type: "MODIFIED",
        object: changed,
      });
      const gone = api.cluster.remove(CART);
      assert.deepEqual(await watch.event(), { type: "DELETED", object: gone });
      assert.equal(gone.metadata.resourceVersion, api.cluster.resourceVersion);
    });
  }
});

Deno.test("WatchStream replays what came after its version", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const { body } = await call(api, "GET /api/v1/pods");
  const version = Number(textAt(body, "metadata.resourceVersion"));
  api.cluster.patch(CART, { metadata: { labels: { a: "b" } } });
  api.cluster.create(namespaceObject({ name: "shop" }));
  api.cluster.remove(CART);
  await using watch = await WatchReader.open(
    api,
    `&resourceVersion=${version}`,
  );
  assert.equal(await watch.seen(), `MODIFIED cart@${version + 1}`);
  assert.equal(await watch.seen(), `DELETED cart@${version + 3}`);
  api.cluster.create(podObject({ name: "pay" }));
  assert.equal(await watch.seen(), `ADDED pay@${version + 4}`);
});

Deno.test("WatchStream shows changes made over HTTP", async () => {
  await using api = await startKubernetesApi();
  await using watch = await WatchReader.open(api);
  const path = "/api/v1/namespaces/default/pods";
  await call(api, `POST ${path}`, { body: podObject({ name: "cart" }) });
  await mergePatch(api, `${path}/cart/status`, {
    status: { podIP: "10.0.0.1" },
  });
  await call(api, `DELETE ${path}/cart`);
  assert.deepEqual(await watch.names(3), [
    "ADDED cart",
    "MODIFIED cart",
    "DELETED cart",
  ]);
});

Deno.test("WatchStream adds and deletes objects as they begin and cease to match", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const version = Number(api.cluster.resourceVersion);
  await using watch = await WatchReader.open(
    api,
    `&resourceVersion=${version}${ON_N1}`,
  );
  const placed = api.cluster.patch(CART, {
    spec: { nodeName: "n1" },
    status: { podIP: "10.0.0.1" },
  });
  assert.deepEqual(await watch.event(), { type: "ADDED", object: placed });
  api.cluster.patch(CART, { metadata: { labels: { a: "b" } } });
  assert.equal(await watch.seen(), `MODIFIED cart@${version + 2}`);
  api.cluster.patch(CART, { spec: { nodeName: "n2" } });
  const lost = await watch.event();
  assert.equal(lost?.["type"], "DELETED");
  assert.equal(valueAt(lost ?? {}, "object.spec.nodeName"), "n1");
  assert.equal(
    valueAt(lost ?? {}, "object.metadata.resourceVersion"),
    String(version + 3),
  );
  api.cluster.remove(CART);
  api.cluster.create(podObject({ name: "end", nodeName: "n1" }));
  assert.equal(await watch.seen(), `ADDED end@${version + 5}`);
});

Deno.test("WatchStream follows label selectors and namespaces", async () => {
  await using api = await startKubernetesApi({
    objects: [namespaceObject({ name: "shop" })],
  });
  const path = "/api/v1/namespaces/shop/pods";
  await using watch = await WatchReader.open(
    api,
    "&labelSelector=app%20in%20(cart)",
    path,
  );
  await api.watching("pods", 1);
  api.cluster.create(
    podObject({ name: "other-namespace", labels: { app: "cart" } }),
  );
  api.cluster.create(
    podObject({
      name: "other-label",
      namespace: "shop",
      labels: { app: "pay" },
    }),
  );
  api.cluster.create(
    podObject({ name: "seen", namespace: "shop", labels: { app: "cart" } }),
  );
  assert.deepEqual(await watch.names(1), ["ADDED seen"]);
});

Deno.test("WatchStream of namespaces tells of annotations and of a removal with its pods", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      podObject({ name: "cart", namespace: "shop" }),
    ],
  });
  const version = `&resourceVersion=${api.cluster.resourceVersion}`;
  await using namespaces = await WatchReader.open(
    api,
    version,
    "/api/v1/namespaces",
  );
  await using pods = await WatchReader.open(api, version);
  const shop = { resource: "namespaces", name: "shop" } as const;
  api.cluster.patch(shop, { metadata: { annotations: { a: "b" } } });
  api.cluster.remove(shop);
  assert.deepEqual(await namespaces.names(3), [
    "MODIFIED shop",
    "MODIFIED shop",
    "DELETED shop",
  ]);
  assert.deepEqual(await pods.names(1), ["DELETED cart"]);
});

Deno.test("WatchStream from a compacted version is 200 with one ERROR of 410", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const version = api.cluster.resourceVersion;
  api.cluster.create(podObject({ name: "pay" }));
  api.faults.compactHistory();
  await using watch = await WatchReader.open(
    api,
    `&resourceVersion=${version}`,
  );
  assert.equal(watch.response.status, 200);
  const { type, object } = await watch.event() ?? {};
  assert.equal(type, "ERROR");
  assert.deepEqual(object, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message:
      `too old resource version: ${version} (${api.cluster.resourceVersion})`,
    reason: "Expired",
    code: 410,
  });
  assert.equal(await watch.event(), undefined);
});

Deno.test("WatchStream goes on from the version at which history was compacted", async () => {
  await using api = await startKubernetesApi();
  api.faults.compactHistory();
  await using watch = await WatchReader.open(
    api,
    `&resourceVersion=${api.cluster.resourceVersion}`,
  );
  api.cluster.create(podObject({ name: "cart" }));
  assert.deepEqual(await watch.names(1), ["ADDED cart"]);
});

Deno.test("WatchStream expires by itself when the history is full", async () => {
  await using api = await startKubernetesApi({ historyLimit: 2 });
  const version = Number(api.cluster.resourceVersion);
  for (const name of ["a", "b", "c"]) api.cluster.create(podObject({ name }));
  await using old = await WatchReader.open(api, `&resourceVersion=${version}`);
  assert.equal((await old.event())?.["type"], "ERROR");
  await using kept = await WatchReader.open(
    api,
    `&resourceVersion=${version + 1}`,
  );
  assert.deepEqual(await kept.names(2), ["ADDED b", "ADDED c"]);
});

Deno.test("WatchStream sends bookmarks only to those who want them", async () => {
  await using api = await startKubernetesApi();
  await using wants = await WatchReader.open(api, "&allowWatchBookmarks=true");
  await using wantsNot = await WatchReader.open(api);
  await api.watching("pods", 2);
  api.sendBookmarks();
  api.cluster.create(podObject({ name: "cart" }));
  assert.deepEqual(await wants.event(), {
    type: "BOOKMARK",
    object: {
      kind: "Pod",
      apiVersion: "v1",
      metadata: {
        resourceVersion: String(Number(api.cluster.resourceVersion) - 1),
      },
    },
  });
  assert.deepEqual(await wantsNot.names(1), ["ADDED cart"]);
});

Deno.test("WatchStream ends at its timeout, cleanly and after a bookmark", async () => {
  const time = new ManualTime();
  await using api = await startKubernetesApi({
    now: time.now,
    sleep: time.sleep,
  });
  await using watch = await WatchReader.open(
    api,
    "&timeoutSeconds=240&allowWatchBookmarks=1",
  );
  await time.asleep(1);
  time.advance(239_999);
  assert.equal(api.openWatches("pods"), 1);
  time.advance(1);
  assert.equal(await watch.seen(), `BOOKMARK @${api.cluster.resourceVersion}`);
  assert.equal(await watch.event(), undefined);
  await api.watching("pods", 0);
});

Deno.test("WatchStream leaves no timer behind when its client goes", async () => {
  const time = new ManualTime();
  await using api = await startKubernetesApi({
    now: time.now,
    sleep: time.sleep,
  });
  {
    await using _watch = await WatchReader.open(api, "&timeoutSeconds=240");
    await time.asleep(1);
  }
  await time.idle();
  await api.watching("pods", 0);
});

Deno.test("WatchStream leaves no real timer behind when the server stops", async () => {
  const api = await startKubernetesApi();
  await using _watch = await WatchReader.open(api, "&timeoutSeconds=240");
  await api.watching("pods", 1);
  await api.stop();
});

Deno.test("WatchStream with sendInitialEvents marks the end of what exists", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const query =
    "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  await using watch = await WatchReader.open(api, query);
  assert.deepEqual(await watch.names(1), ["ADDED cart"]);
  const mark = await watch.event();
  assert.equal(mark?.["type"], "BOOKMARK");
  assert.deepEqual(valueAt(mark ?? {}, "object.metadata"), {
    resourceVersion: api.cluster.resourceVersion,
    annotations: { "k8s.io/initial-events-end": "true" },
  });
});

Deno.test("WatchStream without initial events begins now", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const query = "&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
  await using watch = await WatchReader.open(api, query);
  await api.watching("pods", 1);
  api.cluster.create(podObject({ name: "pay" }));
  assert.deepEqual(await watch.names(1), ["ADDED pay"]);
});

Deno.test("WatchStream loses nothing of 2,000 changes that race its opening", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const version = Number(api.cluster.resourceVersion);
  const opening = WatchReader.open(api, `&resourceVersion=${version}`);
  for (let step = 1; step <= 2000; step++) {
    api.cluster.patch(CART, { metadata: { labels: { step: String(step) } } });
    if (step % 500 === 0) await call(api, "GET /healthz");
  }
  await using watch = await opening;
  for (let step = 1; step <= 2000; step++) {
    assert.equal(await watch.seen(), `MODIFIED cart@${version + step}`);
  }
});
