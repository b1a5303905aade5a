import assert from "node:assert/strict";
import { startKubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import {
  type JsonObject,
  textAt,
  valueAt,
} from "../../../src/sandbox/kubernetes/json.ts";
import {
  controllerObject,
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { call, mergePatch } from "./client.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const PODS = "/api/v1/namespaces/default/pods";

Deno.test("answerObjectRequest() at POST sets what the server sets, and drops a status", async () => {
  await using api = await startKubernetesApi({ now: () => NOW });
  const before = Number(api.cluster.resourceVersion);
  const sent = {
    ...podObject({ name: "cart", podIP: "10.0.0.1" }),
    kind: undefined,
  };
  const { status, body, headers } = await call(api, `POST ${PODS}`, {
    body: sent,
  });
  assert.equal(status, 201);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(body["kind"], "Pod");
  assert.equal(body["apiVersion"], "v1");
  assert.equal(textAt(body, "metadata.resourceVersion"), String(before + 1));
  assert.equal(
    textAt(body, "metadata.creationTimestamp"),
    "2026-01-02T03:04:05Z",
  );
  assert.match(
    textAt(body, "metadata.uid"),
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  );
  assert.equal(textAt(body, "metadata.namespace"), "default");
  assert.equal(textAt(body, "spec.dnsPolicy"), "ClusterFirst");
  assert.deepEqual(body["status"], {
    phase: "Pending",
    qosClass: "BestEffort",
  });
  const read = await call(api, `GET ${PODS}/cart`);
  assert.equal(read.status, 200);
  assert.deepEqual(read.body, body);
});

Deno.test("answerObjectRequest() at POST makes up a name from generateName", async () => {
  await using api = await startKubernetesApi();
  const { spec } = podObject({ name: "x" });
  const body = { metadata: { generateName: "cart-" }, spec };
  const created = await call(api, `POST ${PODS}`, { body });
  assert.match(
    textAt(created.body, "metadata.name"),
    /^cart-[bcdf-hj-np-tv-z2-9]{5}$/,
  );
});

Deno.test("answerObjectRequest() at POST of a namespace labels it and makes it Active", async () => {
  await using api = await startKubernetesApi();
  const body = namespaceObject({ name: "shop", annotations: { a: "b" } });
  const created = await call(api, "POST /api/v1/namespaces", { body });
  assert.equal(created.status, 201);
  assert.deepEqual(valueAt(created.body, "metadata.labels"), {
    "kubernetes.io/metadata.name": "shop",
  });
  assert.deepEqual(valueAt(created.body, "metadata.annotations"), { a: "b" });
  assert.deepEqual(created.body["spec"], { finalizers: ["kubernetes"] });
  assert.deepEqual(created.body["status"], { phase: "Active" });
});

Deno.test("answerObjectRequest() refuses requests as the real server does", async (t) => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart", nodeName: "n1" })],
  });
  const cart = {
    ...api.cluster.get({
      resource: "pods",
      namespace: "default",
      name: "cart",
    }),
  };
  const pod = podObject({ name: "new" });
  const merge = "application/merge-patch+json";
  const cases: readonly {
    readonly name: string;
    readonly target: string;
    readonly body?: JsonObject | string;
    readonly type?: string;
    readonly status: number;
    readonly reason: string;
    readonly message: RegExp;
  }[] = [
    {
      name: "unknown path",
      target: "GET /api/v1/secrets",
      status: 404,
      reason: "NotFound",
      message: /could not find the requested resource/,
    },
    {
      name: "unknown subresource",
      target: `GET ${PODS}/cart/log`,
      status: 404,
      reason: "NotFound",
      message: /could not find/,
    },
    {
      name: "path without version",
      target: "GET /",
      status: 404,
      reason: "NotFound",
      message: /could not find/,
    },
    {
      name: "empty step",
      target: `GET ${PODS}/`,
      status: 404,
      reason: "NotFound",
      message: /could not find/,
    },
    {
      name: "missing pod",
      target: `GET ${PODS}/gone`,
      status: 404,
      reason: "NotFound",
      message: /^pods "gone" not found$/,
    },
    {
      name: "missing namespace",
      target: "GET /api/v1/namespaces/gone",
      status: 404,
      reason: "NotFound",
      message: /^namespaces "gone" not found$/,
    },
    {
      name: "wrong method on a list",
      target: `DELETE ${PODS}`,
      status: 405,
      reason: "MethodNotAllowed",
      message: /does not allow this method/,
    },
    {
      name: "create over all namespaces",
      target: "POST /api/v1/pods",
      body: pod,
      status: 405,
      reason: "MethodNotAllowed",
      message: /does not allow/,
    },
    {
      name: "delete of a status",
      target: `DELETE ${PODS}/cart/status`,
      status: 405,
      reason: "MethodNotAllowed",
      message: /does not allow/,
    },
    {
      name: "wrong method on a plain path",
      target: "POST /healthz",
      body: {},
      status: 405,
      reason: "MethodNotAllowed",
      message: /does not allow/,
    },
    {
      name: "bad JSON",
      target: `POST ${PODS}`,
      body: "{",
      status: 400,
      reason: "BadRequest",
      message: /json parse error/,
    },
    {
      name: "JSON that is no object",
      target: `POST ${PODS}`,
      body: "[]",
      status: 400,
      reason: "BadRequest",
      message: /no JSON object/,
    },
    {
      name: "wrong kind",
      target: `POST ${PODS}`,
      body: { ...pod, kind: "Service" },
      status: 400,
      reason: "BadRequest",
      message: /Service in version "v1" cannot be handled as a Pod/,
    },
    {
      name: "annotation of a wrong type",
      target: `POST ${PODS}`,
      body: { ...pod, metadata: { name: "new", annotations: { a: 1 } } },
      status: 400,
      reason: "BadRequest",
      message: /metadata\.annotations of type string/,
    },
    {
      name: "other namespace in the body",
      target: `POST ${PODS}`,
      body: podObject({ name: "new", namespace: "shop" }),
      status: 400,
      reason: "BadRequest",
      message: /namespace of the provided object does not match/,
    },
    {
      name: "namespace that does not exist",
      target: "POST /api/v1/namespaces/gone/pods",
      body: podObject({ name: "new", namespace: "gone" }),
      status: 404,
      reason: "NotFound",
      message: /^namespaces "gone" not found$/,
    },
    {
      name: "name that exists",
      target: `POST ${PODS}`,
      body: podObject({ name: "cart" }),
      status: 409,
      reason: "AlreadyExists",
      message: /^pods "cart" already exists$/,
    },
    {
      name: "no name",
      target: `POST ${PODS}`,
      body: { ...pod, metadata: {} },
      status: 422,
      reason: "Invalid",
      message:
        /^Pod "" is invalid: metadata\.name: Required value: name or generateName is required$/,
    },
    {
      name: "bad name",
      target: `POST ${PODS}`,
      body: podObject({ name: "Cart_1" }),
      status: 422,
      reason: "Invalid",
      message: /RFC 1123 subdomain/,
    },
    {
      name: "bad name of a namespace",
      target: "POST /api/v1/namespaces",
      body: namespaceObject({ name: "a.b" }),
      status: 422,
      reason: "Invalid",
      message: /RFC 1123 label/,
    },
    {
      name: "no containers",
      target: `POST ${PODS}`,
      body: { metadata: { name: "new" } },
      status: 422,
      reason: "Invalid",
      message: /spec\.containers: Required value/,
    },
    {
      name: "container without image",
      target: `POST ${PODS}`,
      body: { ...pod, spec: { containers: [{ name: "a" }] } },
      status: 422,
      reason: "Invalid",
      message: /spec\.containers\[0\]\.image: Required value/,
    },
    {
      name: "bad label value",
      target: `POST ${PODS}`,
      body: podObject({ name: "new", labels: { a: "b c" } }),
      status: 422,
      reason: "Invalid",
      message: /metadata\.labels: Invalid value: "b c"/,
    },
    {
      name: "bad annotation key",
      target: `POST ${PODS}`,
      body: podObject({ name: "new", annotations: { "a/b/c": "" } }),
      status: 422,
      reason: "Invalid",
      message: /metadata\.annotations: Invalid value: "a\/b\/c"/,
    },
    {
      name: "too many annotations",
      target: `POST ${PODS}`,
      body: podObject({ name: "new", annotations: { a: "x".repeat(262_144) } }),
      status: 422,
      reason: "Invalid",
      message: /Too long/,
    },
    {
      name: "too large a body",
      target: `POST ${PODS}`,
      body: "x".repeat(3_200_000),
      status: 413,
      reason: "RequestEntityTooLarge",
      message: /limit is 3145728/,
    },
    {
      name: "version on a new object",
      target: `POST ${PODS}`,
      body: { ...pod, metadata: { name: "new", resourceVersion: "7" } },
      status: 500,
      reason: "",
      message: /should not be set/,
    },
    {
      name: "unknown media type",
      target: `POST ${PODS}`,
      body: "a: b",
      type: "text/plain",
      status: 415,
      reason: "UnsupportedMediaType",
      message: /application\/json$/,
    },
    {
      name: "dry run",
      target: `POST ${PODS}?dryRun=All`,
      body: pod,
      status: 400,
      reason: "BadRequest",
      message: /dryRun/,
    },
    {
      name: "JSON patch",
      target: `PATCH ${PODS}/cart`,
      body: "[]",
      type: "application/json-patch+json",
      status: 415,
      reason: "UnsupportedMediaType",
      message: /merge-patch\+json$/,
    },
    {
      name: "patch of a wrong type",
      target: `PATCH ${PODS}/cart`,
      body: { metadata: { labels: { a: 1 } } },
      type: merge,
      status: 422,
      reason: "Invalid",
      message: /patch: Invalid value/,
    },
    {
      name: "patch of the name",
      target: `PATCH ${PODS}/cart`,
      body: { metadata: { name: "other" } },
      type: merge,
      status: 400,
      reason: "BadRequest",
      message: /does not match the name on the URL/,
    },
    {
      name: "patch of the spec",
      target: `PATCH ${PODS}/cart`,
      body: { spec: { nodeName: "n2" } },
      type: merge,
      status: 422,
      reason: "Invalid",
      message: /pod updates may not change fields/,
    },
    {
      name: "patch from a stale version",
      target: `PATCH ${PODS}/cart`,
      body: { metadata: { resourceVersion: "7" } },
      type: merge,
      status: 409,
      reason: "Conflict",
      message: /the object has been modified/,
    },
    {
      name: "PUT from a stale version",
      target: `PUT ${PODS}/cart`,
      body: { ...cart, metadata: { ...cart.metadata, resourceVersion: "7" } },
      status: 409,
      reason: "Conflict",
      message: /the object has been modified/,
    },
    {
      name: "PUT of another life",
      target: `PUT ${PODS}/cart`,
      body: { ...cart, metadata: { ...cart.metadata, uid: "other" } },
      status: 409,
      reason: "Conflict",
      message: /UID in precondition: other/,
    },
    {
      name: "PUT of a missing object",
      target: `PUT ${PODS}/new`,
      body: pod,
      status: 404,
      reason: "NotFound",
      message: /not found/,
    },
    {
      name: "PUT without a name",
      target: `PUT ${PODS}/cart`,
      body: { spec: cart["spec"] },
      status: 400,
      reason: "BadRequest",
      message: /name must be provided/,
    },
    {
      name: "delete of a missing object",
      target: `DELETE ${PODS}/gone`,
      status: 404,
      reason: "NotFound",
      message: /not found/,
    },
    {
      name: "delete of another life",
      target: `DELETE ${PODS}/cart`,
      body: { preconditions: { uid: "other" } },
      status: 409,
      reason: "Conflict",
      message: /UID in precondition: other/,
    },
    {
      name: "delete of another version",
      target: `DELETE ${PODS}/cart`,
      body: { preconditions: { resourceVersion: "7" } },
      status: 409,
      reason: "Conflict",
      message: /ResourceVersion in precondition: 7/,
    },
    {
      name: "delete of a system namespace",
      target: "DELETE /api/v1/namespaces/default",
      status: 403,
      reason: "Forbidden",
      message: /may not be deleted/,
    },
  ];
  const version = api.cluster.resourceVersion;
  for (const { name, target, status, reason, message, ...sent } of cases) {
    await t.step(name, async () => {
      const answer = await call(api, target, sent);
      assert.equal(answer.status, status);
      assert.match(textAt(answer.body, "message"), message);
      const { kind, apiVersion, code, metadata } = answer.body;
      assert.deepEqual({ kind, apiVersion, code, metadata }, {
        kind: "Status",
        apiVersion: "v1",
        code: status,
        metadata: {},
      });
      assert.equal(textAt(answer.body, "reason"), reason);
      assert.equal(answer.body["status"], "Failure");
    });
  }
  assert.equal(api.cluster.resourceVersion, version);
});

Deno.test("answerObjectRequest() tells in details what a Status is about", async () => {
  await using api = await startKubernetesApi();
  const missing = await call(api, `GET ${PODS}/gone`);
  assert.deepEqual(missing.body["details"], { name: "gone", kind: "pods" });
  const nameless = await call(api, `POST ${PODS}`, {
    body: { metadata: {}, spec: podObject({ name: "x" })["spec"] },
  });
  assert.deepEqual(nameless.body["details"], {
    kind: "Pod",
    causes: [{
      reason: "FieldValueRequired",
      message: "Required value: name or generateName is required",
      field: "metadata.name",
    }],
  });
});

Deno.test("answerObjectRequest() at PUT replaces metadata and keeps identity and status", async () => {
  await using api = await startKubernetesApi({
    objects: [
      podObject({ name: "cart", podIP: "10.0.0.1", annotations: { a: "b" } }),
    ],
  });
  const old = api.cluster.list("pods")[0];
  assert.ok(old !== undefined);
  const body = {
    metadata: { name: "cart", annotations: { c: "d" } },
    spec: old["spec"],
    status: { phase: "Failed" },
  };
  const { status, body: put } = await call(api, `PUT ${PODS}/cart`, { body });
  assert.equal(status, 200);
  assert.deepEqual(valueAt(put, "metadata.annotations"), { c: "d" });
  assert.deepEqual(put["status"], old["status"]);
  assert.equal(textAt(put, "metadata.uid"), old.metadata.uid);
  assert.equal(
    textAt(put, "metadata.creationTimestamp"),
    old.metadata.creationTimestamp,
  );
  assert.equal(
    Number(textAt(put, "metadata.resourceVersion")),
    Number(old.metadata.resourceVersion) + 1,
  );
});

Deno.test("answerObjectRequest() at PUT that changes nothing makes no version", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const version = api.cluster.resourceVersion;
  const { body } = await call(api, `GET ${PODS}/cart`);
  assert.equal((await call(api, `PUT ${PODS}/cart`, { body })).status, 200);
  assert.equal(api.cluster.resourceVersion, version);
});

Deno.test("answerObjectRequest() at PATCH merges and removes, and may change images", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart", annotations: { a: "b", keep: "me" } })],
  });
  const containers = [{ name: "main", image: "registry.example/main:2" }];
  const { status, body } = await mergePatch(api, `${PODS}/cart`, {
    metadata: { annotations: { a: null, c: "d" } },
    spec: { containers },
    status: { phase: "Failed" },
  });
  assert.equal(status, 200);
  assert.deepEqual(valueAt(body, "metadata.annotations"), {
    keep: "me",
    c: "d",
  });
  assert.deepEqual(valueAt(body, "spec.containers"), containers);
  assert.equal(textAt(body, "status.phase"), "Pending");
});

Deno.test("answerObjectRequest() at PATCH and PUT of /status changes the status and not the spec", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const patch = {
    spec: { nodeName: "n2" },
    status: { phase: "Running", podIP: "10.0.0.9" },
  };
  const patched = await mergePatch(api, `${PODS}/cart/status`, patch);
  assert.equal(patched.status, 200);
  assert.equal(textAt(patched.body, "status.podIP"), "10.0.0.9");
  assert.equal(textAt(patched.body, "spec.nodeName"), "");
  const body = { ...patched.body, status: { phase: "Succeeded" } };
  const put = await call(api, `PUT ${PODS}/cart/status`, { body });
  assert.deepEqual(put.body["status"], { phase: "Succeeded" });
  assert.deepEqual((await call(api, `GET ${PODS}/cart/status`)).body, put.body);
});

Deno.test("answerObjectRequest() at DELETE removes a pod at once and shows its last state", async () => {
  await using api = await startKubernetesApi({
    objects: [podObject({ name: "cart" })],
  });
  const version = Number(api.cluster.resourceVersion);
  const { status, body } = await call(api, `DELETE ${PODS}/cart`);
  assert.equal(status, 200);
  assert.equal(textAt(body, "metadata.resourceVersion"), String(version + 1));
  assert.equal((await call(api, `GET ${PODS}/cart`)).status, 404);
});

Deno.test("answerObjectRequest() at DELETE of a namespace takes what is in it along", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      podObject({ name: "cart", namespace: "shop" }),
      controllerObject({ kind: "Job", name: "once", namespace: "shop" }),
      podObject({ name: "stays" }),
    ],
  });
  const { status, body } = await call(api, "DELETE /api/v1/namespaces/shop");
  assert.equal(status, 200);
  assert.deepEqual(body["status"], { phase: "Terminating" });
  assert.deepEqual(api.cluster.list("pods").map((pod) => pod.metadata.name), [
    "stays",
  ]);
  assert.deepEqual(api.cluster.list("jobs"), []);
  assert.equal((await call(api, "GET /api/v1/namespaces/shop")).status, 404);
});

Deno.test("answerObjectRequest() holds controllers by the rules of all objects", async () => {
  await using api = await startKubernetesApi({
    tokens: [
      "all",
      { token: "few", rules: [{ verb: "get", resource: "deployments" }] },
    ],
  });
  const as = (token: string): { readonly authorization: string } => ({
    authorization: `Bearer ${token}`,
  });
  const path = "/apis/apps/v1/namespaces/default/deployments";
  const body = controllerObject({ kind: "Deployment", name: "web" });
  const headers = as("all");
  const created = await call(api, `POST ${path}`, { body, headers });
  assert.equal(created.status, 201);
  assert.deepEqual(created.body["spec"], body["spec"]);
  const empty = { ...body, metadata: { name: "x" }, spec: {} };
  const refused = await call(api, `POST ${path}`, { body: empty, headers });
  assert.equal(refused.status, 422);
  assert.match(
    textAt(refused.body, "message"),
    /spec\.template\.spec\.containers: Required value/,
  );
  const few = as("few");
  const got = await call(api, `GET ${path}/web`, { headers: few });
  assert.equal(got.status, 200);
  const listed = await call(api, "GET /apis/apps/v1/deployments", {
    headers: few,
  });
  assert.equal(listed.status, 403);
  assert.equal(
    (await call(api, "GET /apis/batch/v1/deployments", { headers })).status,
    404,
  );
});
