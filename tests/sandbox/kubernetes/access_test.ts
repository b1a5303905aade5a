import assert from "node:assert/strict";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../../src/sandbox/kubernetes/api.ts";
import { podObject } from "../../../src/sandbox/kubernetes/objects.ts";
import { type ApiAnswer, call } from "./client.ts";

function callAs(
  api: KubernetesApi,
  authorization: string,
  target = "GET /api/v1/pods",
): Promise<ApiAnswer> {
  return call(api, target, { headers: { authorization } });
}

Deno.test("KubernetesAccess lets everyone in without tokens", async () => {
  await using api = await startKubernetesApi();
  assert.equal((await call(api, "GET /api/v1/pods")).status, 200);
  assert.equal((await callAs(api, "Bearer whatever")).status, 200);
  assert.equal(api.requests[1]?.authenticatedAs, undefined);
});

Deno.test("KubernetesAccess refuses a missing or wrong token with 401", async (t) => {
  await using api = await startKubernetesApi({ tokens: ["good"] });
  for (
    const authorization of [
      "",
      "Bearer",
      "Bearer bad",
      "Basic good",
      "good",
      "Bearer good bad",
    ]
  ) {
    await t.step(`"${authorization}"`, async () => {
      const { status, body } = await callAs(api, authorization);
      assert.equal(status, 401);
      assert.deepEqual(body, {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "Unauthorized",
        reason: "Unauthorized",
        code: 401,
      });
    });
  }
  assert.equal((await callAs(api, "Bearer bad", "GET /nowhere")).status, 401);
  assert.equal((await callAs(api, "Bearer bad", "GET /healthz")).status, 401);
  assert.equal((await callAs(api, "bearer good")).status, 200);
});

Deno.test("KubernetesAccess forgets old tokens when they are replaced", async () => {
  await using api = await startKubernetesApi({ tokens: ["old"] });
  assert.equal((await callAs(api, "Bearer old")).status, 200);
  api.acceptTokens(["new"]);
  assert.equal((await callAs(api, "Bearer old")).status, 401);
  assert.equal((await callAs(api, "Bearer new")).status, 200);
});

Deno.test("authorise() allows what a rule of the token allows", async (t) => {
  const rules = [
    { verb: "list", resource: "pods" },
    { verb: "patch", resource: "pods/status" },
    { verb: "*", resource: "namespaces" },
  ];
  await using api = await startKubernetesApi({
    tokens: [{
      token: "t1",
      user: "system:serviceaccount:kube-system:assigner",
      rules,
    }],
    objects: [podObject({ name: "cart" })],
  });
  const cart = "/api/v1/namespaces/default/pods/cart";
  const cases: readonly (readonly [target: string, status: number])[] = [
    ["GET /api/v1/pods", 200],
    ["GET /api/v1/pods?watch=1", 403],
    [`GET ${cart}`, 403],
    [`DELETE ${cart}`, 403],
    [`PATCH ${cart}`, 403],
    [`PATCH ${cart}/status`, 415],
    ["GET /api/v1/namespaces/default", 200],
    ["GET /version", 200],
    ["GET /nowhere", 404],
  ];
  for (const [target, status] of cases) {
    await t.step(
      target,
      async () =>
        assert.equal((await callAs(api, "Bearer t1", target)).status, status),
    );
  }
});

Deno.test("authorise() says who may not do what and where", async () => {
  await using api = await startKubernetesApi({
    tokens: [{ token: "t1", user: "bob", rules: [] }],
  });
  const everywhere = await callAs(api, "Bearer t1");
  assert.deepEqual(everywhere.body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message:
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" at the cluster scope',
    reason: "Forbidden",
    details: { kind: "pods" },
    code: 403,
  });
  const one = await callAs(
    api,
    "Bearer t1",
    "DELETE /api/v1/namespaces/shop/pods/cart",
  );
  assert.equal(
    one.body["message"],
    'pods "cart" is forbidden: User "bob" cannot delete resource "pods" in API group "" in the namespace "shop"',
  );
});
