import assert from "node:assert/strict";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../../src/sandbox/kubernetes/api.ts";
import type { Json } from "../../../src/sandbox/kubernetes/json.ts";
import { nodeObject } from "../../../src/sandbox/kubernetes/objects.ts";
import { type ApiAnswer, call } from "./client.ts";

const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

function startApi(): Promise<KubernetesApi> {
  return startKubernetesApi({
    tokens: [{
      token: "t1",
      user: "bob",
      rules: [
        { verb: "list", resource: "pods" },
        { verb: "patch", resource: "pods/status" },
      ],
    }],
    objects: [nodeObject({ name: "node-1.example", labels: { a: "b" } })],
  });
}

function ask(
  api: KubernetesApi,
  body: Json,
  target = `POST ${REVIEWS}`,
): Promise<ApiAnswer> {
  const headers = { authorization: "Bearer t1" };
  return call(api, target, { body, headers });
}

function review(resourceAttributes: Json): Json {
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  };
}

Deno.test("answerAccessReview() tells a user what its rules allow", async (t) => {
  await using api = await startApi();
  const cases = [
    { asked: { verb: "list", resource: "pods" }, allowed: true },
    { asked: { verb: "watch", resource: "pods" }, allowed: false },
    { asked: { verb: "list", resource: "nodes" }, allowed: false },
    {
      asked: { verb: "patch", resource: "pods", subresource: "status" },
      allowed: true,
    },
    { asked: { verb: "patch", resource: "pods" }, allowed: false },
  ];
  for (const { asked, allowed } of cases) {
    await t.step(JSON.stringify(asked), async () => {
      const { status, body } = await ask(api, review(asked));
      assert.equal(status, 201);
      assert.deepEqual(body["status"], { allowed });
      assert.deepEqual(body["spec"], { resourceAttributes: asked });
    });
  }
});

Deno.test("answerAccessReview() refuses what is no review of a resource", async () => {
  await using api = await startApi();
  assert.equal((await ask(api, { kind: "Pod" })).status, 400);
  const { status, body } = await ask(api, { spec: {} });
  assert.equal(status, 422);
  assert.match(
    String(body["message"]),
    /^SelfSubjectAccessReview\.authorization\.k8s\.io "" is invalid: .*exactly one/,
  );
  const unauthenticated = await call(api, `POST ${REVIEWS}`, { body: {} });
  assert.equal(unauthenticated.status, 401);
  const got = await call(api, `GET ${REVIEWS}`, {
    headers: { authorization: "Bearer t1" },
  });
  assert.equal(got.status, 405);
});

Deno.test("KubernetesApi holds nodes", async () => {
  await using api = await startApi();
  const node = "/api/v1/nodes/node-1.example";
  const refused = await call(api, `GET ${node}`, {
    headers: { authorization: "Bearer t1" },
  });
  assert.equal(refused.status, 403);
  api.acceptTokens(["admin"]);
  const headers = { authorization: "Bearer admin" };
  const { body } = await call(api, `GET ${node}`, { headers });
  assert.deepEqual(Object(body["metadata"]).labels, { a: "b" });
  assert.equal(body["kind"], "Node");
  const { status } = await call(api, `DELETE ${node}`, { headers });
  assert.equal(status, 200);
  assert.equal((await call(api, `GET ${node}`, { headers })).status, 404);
});
