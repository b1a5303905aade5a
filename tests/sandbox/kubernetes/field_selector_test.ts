import assert from "node:assert/strict";
import { compileFieldSelector } from "../../../src/sandbox/kubernetes/field_selector.ts";
import {
  namespaceObject,
  podObject,
} from "../../../src/sandbox/kubernetes/objects.ts";
import { RESOURCE_TYPES } from "../../../src/sandbox/kubernetes/resources.ts";
import { KubernetesStatusError } from "../../../src/sandbox/kubernetes/status.ts";

const POD = podObject({
  name: "cart",
  namespace: "shop",
  nodeName: "n1",
  podIPs: ["10.0.0.7", "fd00::7"],
  serviceAccountName: "buyer",
});

Deno.test("compileFieldSelector() selects pods by every supported field", async (t) => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["metadata.name=cart", true],
    ["metadata.name==cart", true],
    ["metadata.name!=cart", false],
    ["metadata.namespace=shop", true],
    ["spec.nodeName=n1", true],
    ["spec.nodeName=", false],
    ["spec.serviceAccountName=buyer", true],
    ["spec.restartPolicy=Always", true],
    ["spec.hostNetwork=false", true],
    ["spec.hostNetwork=true", false],
    ["status.phase!=Running", false],
    ["status.phase=Running", true],
    ["status.podIP=10.0.0.7", true],
    ["status.podIP=fd00::7", false],
    ["spec.nodeName=n1,status.phase!=Failed", true],
    ["spec.nodeName=n1,status.phase=Failed", false],
    ["metadata.name=a\\,b", false],
  ];
  for (const [selector, expected] of cases) {
    await t.step(selector, () => {
      const selects = compileFieldSelector(selector, RESOURCE_TYPES.pods);
      assert.equal(selects(POD), expected);
    });
  }
});

Deno.test("compileFieldSelector() takes the first of podIPs for podIP", () => {
  const selects = compileFieldSelector(
    "status.podIP=10.0.0.2",
    RESOURCE_TYPES.pods,
  );
  assert.ok(
    selects(podObject({ name: "a", podIP: "10.0.0.1", podIPs: ["10.0.0.2"] })),
  );
  assert.ok(selects({ status: { podIP: "10.0.0.2" } }));
});

Deno.test("compileFieldSelector() lets a backslash take a sign's meaning", () => {
  const selects = compileFieldSelector(
    "metadata.name=a\\,b\\=c\\\\",
    RESOURCE_TYPES.pods,
  );
  assert.ok(selects({ metadata: { name: "a,b=c\\" } }));
});

Deno.test("compileFieldSelector() knows name and phase of namespaces", () => {
  const selects = compileFieldSelector(
    "metadata.name=shop,status.phase=Active",
    RESOURCE_TYPES.namespaces,
  );
  const shop = {
    ...namespaceObject({ name: "shop" }),
    status: { phase: "Active" },
  };
  assert.ok(selects(shop));
  assert.ok(!selects({ ...shop, status: { phase: "Terminating" } }));
});

Deno.test("compileFieldSelector() refuses what the real server refuses", async (t) => {
  const { pods, namespaces } = RESOURCE_TYPES;
  const cases = [
    {
      selector: "spec.hostname=x",
      type: pods,
      message: "field label not supported: spec.hostname",
    },
    {
      selector: "spec.nodeName=x",
      type: namespaces,
      message: "field label not supported: spec.nodeName",
    },
    {
      selector: "spec.nodeName",
      type: pods,
      message:
        "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'",
    },
    {
      selector: "metadata.name=a=b",
      type: pods,
      message: "invalid field selector: unescaped sign in value 'a=b'",
    },
    {
      selector: "metadata.name=a\\n",
      type: pods,
      message: "invalid field selector: invalid escape sequence: \\n",
    },
  ];
  for (const { selector, type, message } of cases) {
    await t.step(selector, () => {
      assert.throws(
        () => compileFieldSelector(selector, type),
        (error) =>
          error instanceof KubernetesStatusError && error.code === 400 &&
          error.message === message,
      );
    });
  }
});
