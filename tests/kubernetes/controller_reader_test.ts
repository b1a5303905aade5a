import assert from "node:assert/strict";
import type { OwnerRef } from "../../src/core/controller.ts";
import {
  type ControllerChain,
  readControllers,
} from "../../src/kubernetes/controller_reader.ts";
import { decodeOwner } from "../../src/kubernetes/decode_controller.ts";
import type { AccessRule } from "../../src/sandbox/kubernetes/access.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import type { KubernetesObject } from "../../src/sandbox/kubernetes/json.ts";
import {
  type ControllerDescription,
  controllerObject,
  ownerOf,
} from "../../src/sandbox/kubernetes/objects.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { ANNOTATIONS, createApiClient } from "./api_setup.ts";

const TOKEN = "person";
const MISPLACED = { [ANNOTATIONS.serviceAccount]: "a@b" };

function startApi(rules?: readonly AccessRule[]): Promise<KubernetesApi> {
  return startKubernetesApi({
    tokens: [rules === undefined ? TOKEN : { token: TOKEN, rules }],
  });
}

/** Creates controllers, each made by the one before; returns the reference of the last. */
function createChain(
  { cluster }: KubernetesApi,
  chain: readonly ControllerDescription[],
): OwnerRef {
  let last: KubernetesObject | undefined;
  for (const each of chain) {
    const owner = last === undefined ? {} : { owner: ownerOf(last) };
    last = cluster.create(controllerObject({ ...each, ...owner }));
  }
  assert.ok(last);
  const ownerReferences = [{ ...ownerOf(last), controller: true }];
  const ref = decodeOwner({ metadata: { ownerReferences } });
  assert.ok(ref);
  return ref;
}

async function read(
  api: KubernetesApi,
  first: OwnerRef,
): Promise<ControllerChain> {
  using client = createApiClient(api.url, {
    clock: new ManualTime(),
    token: TOKEN,
  });
  return await readControllers(first, "default", {
    api: client,
    keys: ANNOTATIONS,
    signal: new AbortController().signal,
  });
}

function namesOf(owners: readonly OwnerRef[]): readonly string[] {
  return owners.map(({ kind, name }) => `${kind} ${name}`);
}

Deno.test("readControllers() follows a pod's owners outwards, and judges the outermost", async () => {
  await using api = await startApi();
  const first = createChain(api, [
    { kind: "CronJob", name: "nightly", jobAnnotations: MISPLACED },
    { kind: "Job", name: "nightly-1", annotations: MISPLACED },
  ]);
  const { owners, outermost, misplaced, unread } = await read(api, first);
  assert.deepEqual(namesOf(owners), ["Job nightly-1", "CronJob nightly"]);
  assert.equal(outermost, owners[1]);
  assert.equal(misplaced?.name, "nightly");
  assert.equal(unread, undefined);
});

Deno.test("readControllers() has nothing against copies of what was put right", async () => {
  await using api = await startApi();
  const first = createChain(api, [
    { kind: "Deployment", name: "web", templateAnnotations: MISPLACED },
    { kind: "ReplicaSet", name: "web-old", annotations: MISPLACED },
  ]);
  assert.equal((await read(api, first)).misplaced, undefined);
});

Deno.test("readControllers() says which one it may not read, and what is known", async () => {
  await using api = await startApi([{ verb: "get", resource: "replicasets" }]);
  const first = createChain(api, [
    { kind: "Deployment", name: "web", annotations: MISPLACED },
    { kind: "ReplicaSet", name: "web-7f9c", annotations: MISPLACED },
  ]);
  const { owners, ...rest } = await read(api, first);
  assert.deepEqual(namesOf(owners), ["ReplicaSet web-7f9c", "Deployment web"]);
  assert.deepEqual(rest, {
    outermost: undefined,
    misplaced: undefined,
    unread:
      "Deployment web was not looked at: RBAC: this account may not get deployments",
  });
});

Deno.test("readControllers() stops at what is gone, replaced, or of a foreign kind", async () => {
  await using api = await startApi();
  const first = createChain(api, [
    { kind: "StatefulSet", name: "db", annotations: MISPLACED },
  ]);
  for (
    const ref of [
      { ...first, name: "gone" },
      { ...first, uid: "of a former one" },
      { ...first, kind: "Rollout", group: "argoproj.io" },
    ]
  ) {
    assert.deepEqual(await read(api, ref), {
      owners: [ref],
      outermost: ref,
      misplaced: undefined,
      unread: undefined,
    });
  }
});

Deno.test("readControllers() says that the server failed, and ends at a circle", async () => {
  await using api = await startApi();
  const first = createChain(api, [{ kind: "Deployment", name: "a" }]);
  const object = api.cluster.get({
    resource: "deployments",
    namespace: "default",
    name: "a",
  });
  const ownerReferences = [{ ...ownerOf(object), controller: true }];
  api.cluster.patch({
    resource: "deployments",
    namespace: "default",
    name: "a",
  }, { metadata: { ownerReferences } });
  assert.equal((await read(api, first)).owners.length, 4);
  await api.stop();
  assert.match(
    (await read(api, first)).unread ?? "",
    /^Deployment a was not looked at: .+/,
  );
});
