import assert from "node:assert/strict";
import type { Pod } from "../../src/core/pod.ts";
import { decodeNamespace, decodePod } from "../../src/kubernetes/decode.ts";
import { ANNOTATIONS } from "./api_setup.ts";

const IDENTITY = { uid: "u1", namespace: "shop", name: "cart" };

const BARE: Pod = {
  ...IDENTITY,
  addresses: [],
  phase: "Unknown",
  isTerminating: false,
  createdAtMs: 0,
  hostNetwork: false,
  serviceAccountName: "default",
  accountAnnotation: undefined,
  scopesAnnotation: undefined,
};

/** Every kind of JSON value. */
const ODD_VALUES = [
  undefined,
  null,
  true,
  7,
  "text",
  [],
  [null, 7, "text", {}],
  {},
];

Deno.test("decodePod() keeps what identifies a pod and what it asks for", () => {
  const pod = decodePod({
    metadata: {
      ...IDENTITY,
      creationTimestamp: "2026-01-02T03:04:05Z",
      deletionTimestamp: "2026-01-02T03:05:05Z",
      annotations: { "iam/account": "a@b", "iam/scopes": "s", other: "x" },
      labels: { "iam/account": "no" },
    },
    spec: { hostNetwork: true, serviceAccountName: "ksa" },
    status: { phase: "Running", podIP: "10.0.0.1" },
  }, ANNOTATIONS);
  assert.deepEqual(pod, {
    ...IDENTITY,
    addresses: ["10.0.0.1"],
    phase: "Running",
    isTerminating: true,
    createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    hostNetwork: true,
    serviceAccountName: "ksa",
    accountAnnotation: "a@b",
    scopesAnnotation: "s",
  });
});

Deno.test("decodePod() notes a misspelt key of a pod without account, and nothing else of it", () => {
  const decode = (annotations: unknown): Pod | undefined =>
    decodePod({ metadata: { ...IDENTITY, annotations } }, ANNOTATIONS);
  assert.deepEqual(decode({ other: "x", "iam/acount": "a@b" }), {
    ...BARE,
    misspeltKey: { found: "iam/acount", meant: "iam/account" },
  });
  assert.deepEqual(decode({ "iam/acount": "a@b", "iam/account": "c@d" }), {
    ...BARE,
    accountAnnotation: "c@d",
  });
  assert.deepEqual(decode({ "iam/scope": "s" }), BARE);
});

Deno.test("decodePod() reads addresses in canonical form, each once", async (t) => {
  const cases: { name: string; status: unknown; addresses: string[] }[] = [
    { name: "none", status: {}, addresses: [] },
    {
      name: "podIP alone",
      status: { podIP: "10.0.0.1" },
      addresses: ["10.0.0.1"],
    },
    {
      name: "dual stack",
      status: {
        podIP: "10.0.0.1",
        podIPs: [{ ip: "10.0.0.1" }, { ip: "FD00:0:0::1" }],
      },
      addresses: ["10.0.0.1", "fd00::1"],
    },
    {
      name: "podIPs alone",
      status: { podIPs: [{ ip: "fd00::2" }, { ip: "10.0.0.2" }] },
      addresses: ["fd00::2", "10.0.0.2"],
    },
    {
      name: "IPv4 in IPv6",
      status: { podIP: "::ffff:10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] },
      addresses: ["10.0.0.1"],
    },
    {
      name: "no addresses",
      status: {
        podIP: "010.0.0.1",
        podIPs: [{ ip: "10.1" }, { ip: "fe80::1%eth0" }, { ip: "" }],
      },
      addresses: [],
    },
    {
      name: "odd entries beside a good one",
      status: {
        podIP: 7,
        podIPs: [null, "10.0.0.9", { ip: 7 }, { ip: "10.0.0.3" }],
      },
      addresses: ["10.0.0.3"],
    },
  ];
  for (const { name, status, addresses } of cases) {
    await t.step(name, () => {
      const pod = decodePod({ metadata: IDENTITY, status }, ANNOTATIONS);
      assert.deepEqual(pod?.addresses, addresses);
    });
  }
});

Deno.test("decodePod() gives nothing for an object without identity", () => {
  for (const value of ODD_VALUES) {
    assert.equal(decodePod(value, ANNOTATIONS), undefined);
    assert.equal(decodePod({ metadata: value }, ANNOTATIONS), undefined);
  }
  for (const key of ["uid", "namespace", "name"] as const) {
    for (const value of ODD_VALUES.filter((odd) => typeof odd !== "string")) {
      const metadata = { ...IDENTITY, [key]: value };
      assert.equal(decodePod({ metadata }, ANNOTATIONS), undefined);
    }
  }
});

Deno.test("decodePod() takes values of the wrong type for missing ones", () => {
  for (const value of ODD_VALUES) {
    assert.deepEqual(
      decodePod(
        {
          metadata: { ...IDENTITY, annotations: value },
          spec: value,
          status: value,
        },
        ANNOTATIONS,
      ),
      BARE,
    );
    if (typeof value === "string" || value === true) continue;
    assert.deepEqual(
      decodePod({
        metadata: {
          ...IDENTITY,
          creationTimestamp: value,
          deletionTimestamp: value,
          annotations: { "iam/account": value, "iam/scopes": value },
        },
        spec: { hostNetwork: value, serviceAccountName: value },
        status: { phase: value, podIP: value, podIPs: value },
      }, ANNOTATIONS),
      BARE,
    );
  }
});

Deno.test("decodePod() reads no annotation from a prototype", () => {
  for (
    const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]
  ) {
    const keys = { ...ANNOTATIONS, serviceAccount: key };
    const read = (json: string): string | undefined =>
      decodePod(JSON.parse(json), keys)?.accountAnnotation;
    const head = '{"metadata":{"uid":"u1","namespace":"shop","name":"cart"';
    assert.equal(read(`${head}}}`), undefined);
    assert.equal(read(`${head},"annotations":{}}}`), undefined);
    assert.equal(read(`${head},"annotations":{"${key}":"a@b"}}}`), "a@b");
    assert.equal(read(`${head},"annotations":{"${key}":{"a":1}}}}`), undefined);
  }
  const polluted = JSON.parse(
    '{"metadata":{"__proto__":{"uid":"u1","namespace":"shop","name":"cart"},' +
      '"annotations":{"__proto__":{"iam/account":"a@b"}}}}',
  );
  assert.equal(decodePod(polluted, ANNOTATIONS), undefined);
  assert.equal(Reflect.get({}, "iam/account"), undefined);
  const inherited = { metadata: Object.create(IDENTITY) };
  assert.equal(decodePod(inherited, ANNOTATIONS), undefined);
});

Deno.test("decodePod() keeps of huge annotations only the start of those that it reads", () => {
  const huge = "x".repeat(256 * 1024);
  const annotations: Record<string, string> = { "iam/account": huge };
  for (let i = 0; i < 10_000; i++) annotations[`other/${i}`] = "y";
  const pod = decodePod(
    { metadata: { ...IDENTITY, annotations } },
    ANNOTATIONS,
  );
  assert.deepEqual(pod, { ...BARE, accountAnnotation: huge.slice(0, 5_000) });
});

Deno.test("decodeNamespace() reads the allow-list", async (t) => {
  const cases: { name: string; annotation: unknown; kind: string }[] = [
    { name: "absent", annotation: undefined, kind: "absent" },
    { name: "patterns", annotation: '["a@*"]', kind: "patterns" },
    { name: "no JSON", annotation: "a@*", kind: "malformed" },
    { name: "no list", annotation: '"a@*"', kind: "malformed" },
    { name: "no text in it", annotation: "[7]", kind: "malformed" },
    { name: "empty", annotation: "", kind: "malformed" },
    {
      name: "deeply nested",
      annotation: "[".repeat(100_000),
      kind: "malformed",
    },
  ];
  for (const { name, annotation, kind } of cases) {
    await t.step(name, () => {
      const namespace = decodeNamespace({
        metadata: { name: "shop", annotations: { "iam/allowed": annotation } },
      }, ANNOTATIONS);
      assert.equal(namespace?.name, "shop");
      assert.equal(namespace?.allowList.kind, kind);
    });
  }
});

Deno.test("decodeNamespace() gives nothing for an object without a name", () => {
  for (const value of ODD_VALUES) {
    assert.equal(decodeNamespace(value, ANNOTATIONS), undefined);
    assert.equal(decodeNamespace({ metadata: value }, ANNOTATIONS), undefined);
    if (typeof value === "string") continue;
    const metadata = { name: value };
    assert.equal(decodeNamespace({ metadata }, ANNOTATIONS), undefined);
  }
});
