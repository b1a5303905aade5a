import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../../src/sandbox/kubernetes/api.ts";
import {
  type JsonObject,
  textAt,
  valueAt,
} from "../../../src/sandbox/kubernetes/json.ts";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { call, namesIn } from "./client.ts";

function pods(...names: readonly string[]): JsonObject[] {
  return names.map((name) => podObject({ name, nodeName: "n1" }));
}

function tokenOf(list: JsonObject): string {
  return encodeURIComponent(textAt(list, "metadata.continue"));
}

async function readNames(api: KubernetesApi, query: string): Promise<string[]> {
  return namesIn((await call(api, `GET /api/v1/pods${query}`)).body);
}

Deno.test("answerCollectionRequest() gives a list kind and version, and its items no kind", async () => {
  await using api = await startKubernetesApi({ objects: pods("a") });
  const { status, body } = await call(api, "GET /api/v1/pods");
  assert.equal(status, 200);
  const { kind, apiVersion, metadata, items } = body;
  assert.deepEqual({ kind, apiVersion, metadata }, {
    kind: "PodList",
    apiVersion: "v1",
    metadata: { resourceVersion: api.cluster.resourceVersion },
  });
  assert.ok(Array.isArray(items));
  assert.deepEqual(Object.keys(items[0]).sort(), [
    "metadata",
    "spec",
    "status",
  ]);
});

Deno.test("answerCollectionRequest() lists the namespaces that every cluster has", async () => {
  await using api = await startKubernetesApi();
  const { body } = await call(api, "GET /api/v1/namespaces");
  assert.equal(body["kind"], "NamespaceList");
  assert.deepEqual(namesIn(body), [
    "default",
    "kube-node-lease",
    "kube-public",
    "kube-system",
  ]);
});

Deno.test("answerCollectionRequest() narrows lists by namespace and selectors", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      podObject({
        name: "cart",
        namespace: "shop",
        nodeName: "n1",
        podIP: "10.0.0.1",
        labels: { app: "cart" },
      }),
      podObject({ name: "pay", namespace: "shop", nodeName: "n2" }),
      podObject({ name: "tool", nodeName: "n1" }),
    ],
  });
  assert.deepEqual(await readNames(api, ""), ["tool", "cart", "pay"]);
  assert.deepEqual(await readNames(api, "?fieldSelector=spec.nodeName%3Dn1"), [
    "tool",
    "cart",
  ]);
  assert.deepEqual(
    await readNames(
      api,
      "?fieldSelector=status.podIP%3D10.0.0.1,spec.nodeName%3Dn1",
    ),
    ["cart"],
  );
  assert.deepEqual(
    await readNames(api, "?labelSelector=app%20in%20(cart,pay)"),
    ["cart"],
  );
  assert.deepEqual(
    namesIn((await call(api, "GET /api/v1/namespaces/shop/pods")).body),
    ["cart", "pay"],
  );
  assert.deepEqual(
    namesIn((await call(api, "GET /api/v1/namespaces/gone/pods")).body),
    [],
  );
});

Deno.test("answerCollectionRequest() serves pages of one snapshot, with what remains", async () => {
  await using api = await startKubernetesApi({
    objects: pods("a", "b", "c", "d", "e"),
  });
  const version = api.cluster.resourceVersion;
  const first = await call(api, "GET /api/v1/pods?limit=2");
  assert.deepEqual(namesIn(first.body), ["a", "b"]);
  assert.equal(valueAt(first.body, "metadata.remainingItemCount"), 3);
  api.cluster.remove({ resource: "pods", namespace: "default", name: "c" });
  api.cluster.patch({ resource: "pods", namespace: "default", name: "d" }, {
    metadata: { labels: { x: "y" } },
  });
  api.cluster.create(podObject({ name: "f" }));
  const second = await call(
    api,
    `GET /api/v1/pods?limit=2&continue=${tokenOf(first.body)}`,
  );
  assert.deepEqual(namesIn(second.body), ["c", "d"]);
  assert.ok(!JSON.stringify(second.body).includes('"x":"y"'));
  assert.equal(valueAt(second.body, "metadata.remainingItemCount"), 1);
  const third = await call(
    api,
    `GET /api/v1/pods?limit=2&continue=${tokenOf(second.body)}`,
  );
  assert.deepEqual(third.body["metadata"], { resourceVersion: version });
  assert.deepEqual(namesIn(third.body), ["e"]);
});

Deno.test("answerCollectionRequest() does not tell what remains of a selected list", async () => {
  await using api = await startKubernetesApi({ objects: pods("a", "b", "c") });
  const { body } = await call(
    api,
    "GET /api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn1",
  );
  assert.deepEqual(namesIn(body), ["a", "b"]);
  assert.equal(valueAt(body, "metadata.remainingItemCount"), undefined);
  assert.notEqual(textAt(body, "metadata.continue"), "");
});

Deno.test("answerCollectionRequest() answers an expired page with 410 and a token to go on", async () => {
  await using api = await startKubernetesApi({ objects: pods("a", "b", "c") });
  const { body } = await call(api, "GET /api/v1/pods?limit=1");
  api.cluster.create(podObject({ name: "bb" }));
  api.faults.compactHistory();
  const expired = await call(
    api,
    `GET /api/v1/pods?limit=9&continue=${tokenOf(body)}`,
  );
  assert.equal(expired.status, 410);
  assert.equal(expired.body["reason"], "Expired");
  const rest = await call(
    api,
    `GET /api/v1/pods?continue=${tokenOf(expired.body)}`,
  );
  assert.deepEqual(namesIn(rest.body), ["b", "bb", "c"]);
  assert.equal(
    textAt(rest.body, "metadata.resourceVersion"),
    api.cluster.resourceVersion,
  );
});

Deno.test("answerCollectionRequest() answers a malformed page token with 400", async (t) => {
  await using api = await startKubernetesApi();
  const start = "default/a\0";
  const cases = [
    { name: "no base64", token: "%%%" },
    { name: "no JSON", token: encode("hello") },
    { name: "no object", token: encode("[]") },
    {
      name: "other version",
      token: encode(JSON.stringify({ v: "v0", rv: 1000, start })),
    },
    {
      name: "no version",
      token: encode(JSON.stringify({ v: "meta.k8s.io/v1", rv: 0, start })),
    },
    {
      name: "no start",
      token: encode(JSON.stringify({ v: "meta.k8s.io/v1", rv: 1000 })),
    },
  ];
  for (const { name, token } of cases) {
    await t.step(name, async () => {
      const { status, body } = await call(
        api,
        `GET /api/v1/pods?continue=${encodeURIComponent(token)}`,
      );
      assert.equal(status, 400);
      assert.match(textAt(body, "message"), /^continue key is not valid/);
    });
  }
});

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

Deno.test("answerCollectionRequest() reads resourceVersion as the real server does", async (t) => {
  await using api = await startKubernetesApi({ objects: pods("a", "b") });
  const version = Number(api.cluster.resourceVersion);
  api.cluster.create(podObject({ name: "c" }));
  const all = ["a", "b", "c"];
  const cases = [
    {
      name: "0 is the newest, unpaged",
      query: "resourceVersion=0&limit=1",
      names: all,
    },
    {
      name: "alone it is a lower bound",
      query: `resourceVersion=${version}`,
      names: all,
    },
    {
      name: "NotOlderThan",
      query: `resourceVersion=${version}&resourceVersionMatch=NotOlderThan`,
      names: all,
    },
    {
      name: "Exact",
      query: `resourceVersion=${version}&resourceVersionMatch=Exact`,
      names: ["a", "b"],
    },
    {
      name: "exact with a limit",
      query: `resourceVersion=${version - 1}&limit=9`,
      names: ["a"],
    },
  ];
  for (const { name, query, names } of cases) {
    await t.step(
      name,
      async () => assert.deepEqual(await readNames(api, `?${query}`), names),
    );
  }
});

Deno.test("answerCollectionRequest() refuses queries as the real server does", async (t) => {
  await using api = await startKubernetesApi({ objects: pods("a") });
  const future = Number(api.cluster.resourceVersion) + 1;
  const cases:
    readonly (readonly [query: string, status: number, message: RegExp])[] = [
      [
        "fieldSelector=spec.hostname%3Dx",
        400,
        /^field label not supported: spec\.hostname$/,
      ],
      ["labelSelector=a%20b", 400, /^unable to parse requirement/],
      ["limit=many", 400, /ParseInt/],
      ["watch=1&timeoutSeconds=1s", 400, /ParseInt/],
      ["resourceVersion=abc", 400, /^invalid resource version/],
      [
        "watch=1&resourceVersion=abc",
        422,
        /resourceVersion: Invalid value: "abc"/,
      ],
      [`resourceVersion=${future}`, 504, /^Too large resource version/],
      [
        "resourceVersion=1&resourceVersionMatch=Exact",
        410,
        /^The resourceVersion for the provided list is too old/,
      ],
      [
        "resourceVersion=1000&continue=abc",
        400,
        /not allowed when using continue/,
      ],
      [
        "resourceVersionMatch=Exact",
        422,
        /forbidden unless resourceVersion is provided/,
      ],
      [
        "resourceVersion=0&resourceVersionMatch=Exact",
        422,
        /"exact" is forbidden for resourceVersion "0"/,
      ],
      [
        "resourceVersion=1&resourceVersionMatch=Newest",
        422,
        /Unsupported value: "Newest"/,
      ],
      [
        "resourceVersion=1&resourceVersionMatch=Exact&continue=a",
        422,
        /forbidden when continue is provided/,
      ],
      [
        "sendInitialEvents=true",
        422,
        /sendInitialEvents is forbidden for list/,
      ],
      [
        "watch=1&sendInitialEvents=true",
        422,
        /requires setting resourceVersionMatch to NotOlderThan/,
      ],
      [
        "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
        422,
        /Unsupported value: "Exact"/,
      ],
      [
        "watch=1&resourceVersionMatch=NotOlderThan",
        422,
        /forbidden for watch unless sendInitialEvents is provided/,
      ],
    ];
  for (const [query, status, message] of cases) {
    await t.step(query, async () => {
      const answer = await call(api, `GET /api/v1/pods?${query}`);
      assert.equal(answer.status, status);
      assert.match(textAt(answer.body, "message"), message);
    });
  }
  const { body } = await call(
    api,
    "GET /api/v1/pods?resourceVersionMatch=Exact",
  );
  assert.equal(valueAt(body, "details.group"), "meta.k8s.io");
  assert.equal(valueAt(body, "details.kind"), "ListOptions");
});

Deno.test("answerCollectionRequest() takes watch=false for a list, and no notice of unknown parameters", async () => {
  await using api = await startKubernetesApi({ objects: pods("a") });
  assert.deepEqual(await readNames(api, "?watch=false&pretty=true&limit=0"), [
    "a",
  ]);
});
