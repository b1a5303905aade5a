import assert from "node:assert/strict";
import { startKubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import { valueAt } from "../../../src/sandbox/kubernetes/json.ts";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { KubernetesStatusError } from "../../../src/sandbox/kubernetes/status.ts";

const CART = { resource: "pods", namespace: "default", name: "cart" } as const;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function isRefusal(code: number): (error: unknown) => boolean {
  return (error) =>
    error instanceof KubernetesStatusError && error.code === code;
}

Deno.test("create() keeps a status, and shares nothing with what it was given", async () => {
  await using api = await startKubernetesApi();
  const pod = podObject({ name: "cart", nodeName: "n1", podIP: "10.0.0.1" });
  const created = api.cluster.create(pod);
  assert.deepEqual(created["status"], pod["status"]);
  assert.notEqual(created["status"], pod["status"]);
  assert.equal(api.cluster.get(CART), created);
});

Deno.test("create() goes by the rules that hold over HTTP", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const { cluster } = api;
  assert.throws(
    () => cluster.create(podObject({ name: "cart" })),
    isRefusal(409),
  );
  assert.throws(
    () => cluster.create(podObject({ name: "Cart" })),
    isRefusal(422),
  );
  assert.throws(
    () => cluster.create(podObject({ name: "a", namespace: "gone" })),
    isRefusal(404),
  );
  assert.throws(() => cluster.create({ kind: "Service" }), isRefusal(400));
  assert.throws(() => cluster.get({ ...CART, name: "gone" }), isRefusal(404));
  assert.throws(
    () => cluster.patch({ ...CART, name: "gone" }, {}),
    isRefusal(404),
  );
  assert.throws(
    () => cluster.remove({ ...CART, name: "gone" }),
    isRefusal(404),
  );
  const stale = {
    ...cluster.get(CART),
    metadata: { name: "cart", resourceVersion: "7" },
  };
  assert.throws(() => cluster.replace(CART, stale), isRefusal(409));
});

Deno.test("patch() and replace() may change spec and status", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const patched = api.cluster.patch(CART, {
    spec: { nodeName: "n1" },
    status: { podIP: "10.0.0.1" },
  });
  assert.equal(valueAt(patched, "spec.nodeName"), "n1");
  assert.equal(valueAt(patched, "status.podIP"), "10.0.0.1");
  const replaced = api.cluster.replace(
    CART,
    podObject({ name: "cart", nodeName: "n2" }),
  );
  assert.equal(valueAt(replaced, "spec.nodeName"), "n2");
  assert.equal(replaced.metadata.uid, patched.metadata.uid);
});

Deno.test("markTerminating() sets a deletionTimestamp that no client can remove", async () => {
  await using api = await startKubernetesApi({
    now: () => NOW,
    objects: [podObject({ name: "cart" })],
  });
  const marked = api.cluster.markTerminating(CART, { graceSeconds: 60 });
  assert.equal(marked.metadata["deletionTimestamp"], "2026-01-02T03:05:05Z");
  assert.equal(marked.metadata["deletionGracePeriodSeconds"], 60);
  const response = await fetch(
    `${api.url}/api/v1/namespaces/default/pods/cart`,
    {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: '{"metadata":{"deletionTimestamp":null,"labels":{"a":"b"}}}',
    },
  );
  assert.equal(
    valueAt(await response.json(), "metadata.deletionTimestamp"),
    "2026-01-02T03:05:05Z",
  );
});

Deno.test("list() is narrowed by namespace and selectors", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      podObject({
        name: "b",
        namespace: "shop",
        nodeName: "n1",
        labels: { app: "x" },
      }),
      podObject({ name: "a", nodeName: "n1" }),
      podObject({ name: "c" }),
    ],
  });
  const names = (...args: Parameters<typeof api.cluster.list>): string[] =>
    api.cluster.list(...args).map((pod) => pod.metadata.name);
  assert.deepEqual(names("pods"), ["a", "c", "b"]);
  assert.deepEqual(names("pods", { fieldSelector: "spec.nodeName=n1" }), [
    "a",
    "b",
  ]);
  assert.deepEqual(names("pods", { labelSelector: "app" }), ["b"]);
  assert.deepEqual(names("pods", { namespace: "default" }), ["a", "c"]);
  assert.throws(
    () => names("pods", { fieldSelector: "spec.x=1" }),
    isRefusal(400),
  );
});
