import assert from "node:assert/strict";
import { ClusterReader } from "../../src/kubernetes/cluster_reader.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import {
  namespaceObject,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { DAEMON_RULES } from "../../src/sandbox/daemon_access.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ANNOTATIONS, createApiClient, failureOf } from "./api_setup.ts";

const TOKEN = "daemon";

interface Reading extends AsyncDisposable {
  readonly api: KubernetesApi;
  readonly reader: ClusterReader;
}

/** A cluster of 1,200 pods of two address families, read with the daemon's rights. */
async function startReading(): Promise<Reading> {
  await using starting = new AsyncDisposableStack();
  const api = starting.use(
    await startKubernetesApi({
      tokens: [{ token: TOKEN, rules: DAEMON_RULES }],
      objects: [
        namespaceObject({
          name: "shop",
          annotations: { [ANNOTATIONS.allowedServiceAccounts]: '["a@*"]' },
        }),
        ...Array.from({ length: 1_200 }, (_, index) =>
          podObject({
            name: `pod-${index}`,
            namespace: "shop",
            nodeName: `node-${index % 2}`,
            podIPs: [
              `10.0.${index >> 8}.${index & 255}`,
              `fd00::${index.toString(16)}`,
            ],
          })),
      ],
    }),
  );
  const client = starting.use(
    createApiClient(api.url, { clock: new ManualTime(), token: TOKEN }),
  );
  const stack = starting.move();
  return {
    api,
    reader: new ClusterReader({
      api: client,
      keys: ANNOTATIONS,
      signal: new AbortController().signal,
    }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("ClusterReader reads with the daemon's rights", async (t) => {
  await using reading = await startReading();
  const { api, reader } = reading;
  await t.step("one pod", async () => {
    const placed = await reader.readPod("shop", "pod-7");
    assert.equal(placed?.node, "node-1");
    assert.deepEqual(placed.pod.addresses, ["10.0.0.7", "fd00::7"]);
    assert.equal(await reader.readPod("shop", "pod"), undefined);
    assert.equal(await reader.readPod("default", "pod-7"), undefined);
  });
  await t.step("one namespace", async () => {
    const namespace = await reader.readNamespace("shop");
    assert.equal(namespace?.allowList.kind, "patterns");
    assert.equal(await reader.readNamespace("sho"), undefined);
  });
  await t.step("a node's pods, page by page", async () => {
    const pods = await reader.readNode("node-1");
    assert.equal(pods.length, 600);
    assert.ok(pods.every(({ node }) => node === "node-1"));
  });
  await t.step("who has a first address, by one list", async () => {
    const before = api.requests.length;
    const [placed, ...others] = await reader.readHolders("10.0.4.1");
    assert.equal(placed?.pod.name, "pod-1025");
    assert.deepEqual(others, []);
    assert.equal(api.requests.length, before + 1);
  });
  await t.step("who has a second address, by all lists", async () => {
    const [placed, ...others] = await reader.readHolders("fd00::401");
    assert.equal(placed?.pod.name, "pod-1025");
    assert.deepEqual(others, []);
  });
  await t.step("that nobody has an address", async () => {
    assert.deepEqual(await reader.readHolders("10.9.9.9"), []);
  });
  assert.deepEqual(
    [...api.counts.keys()].sort(),
    ["list namespaces", "list pods"],
  );
});

Deno.test("ClusterReader fails where the server refuses", async () => {
  await using reading = await startReading();
  const { api, reader } = reading;
  api.acceptTokens([{ token: TOKEN, rules: [] }]);
  assert.match(
    await failureOf(reader.readPod("shop", "pod-7")),
    /answered 403: pods is forbidden/,
  );
});
