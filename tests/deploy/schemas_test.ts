import assert from "node:assert/strict";
import {
  type Manifest,
  namesIn,
  readManifests,
  renderKustomization,
} from "./manifests.ts";
import { checkSchema } from "./schemas.ts";

const POD: Manifest = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "app", annotations: { any: "value" } },
  spec: { containers: [{ name: "app", image: "app" }] },
};

function checkAll(manifests: readonly Manifest[]): void {
  assert.ok(manifests.length > 0);
  for (const manifest of manifests) checkSchema(manifest);
}

Deno.test("checkSchema() takes what the schema has", () => {
  checkSchema(POD);
});

Deno.test("checkSchema() tells wrong, missing and unknown fields apart", async (t) => {
  const container = { name: "app", image: "app" };
  const cases: readonly {
    readonly spec: Record<string, unknown>;
    readonly error: RegExp;
  }[] = [
    {
      spec: { containers: [container], hostNetwork: "yes" },
      error: /Pod app: .*hostNetwork must be boolean/,
    },
    { spec: {}, error: /required property containers/ },
    {
      spec: { containers: [container], hostnetwork: true },
      error: /Unknown: Pod\.spec\.hostnetwork$/,
    },
    {
      spec: { containers: [{ ...container, securityContext: { root: 1 } }] },
      error: /Unknown: Pod\.spec\.containers\.0\.securityContext\.root$/,
    },
    {
      spec: { containers: [container], tolerations: [{ operater: "Exists" }] },
      error: /Unknown: Pod\.spec\.tolerations\.0\.operater$/,
    },
  ];
  for (const { spec, error } of cases) {
    await t.step(
      error.source,
      () => assert.throws(() => checkSchema({ ...POD, spec }), error),
    );
  }
  assert.throws(
    () => checkSchema({ ...POD, status: {}, extra: {} }),
    /Unknown: Pod\.extra$/,
  );
  assert.throws(() => checkSchema({ ...POD, kind: "Pods" }), /No schema of v1/);
});

Deno.test("deploy: the base is as its schemas say", async () =>
  checkAll(await renderKustomization("kustomize/base")));

Deno.test("deploy: every overlay is as its schemas say", async (t) => {
  for (const name of await namesIn("kustomize/overlays")) {
    await t.step(
      name,
      async () =>
        checkAll(await renderKustomization(`kustomize/overlays/${name}`)),
    );
  }
});

Deno.test("deploy: what is applied as it is, is as its schemas say", async (t) => {
  for (const folder of ["admission", "examples", "observability"]) {
    for (const name of await namesIn(folder)) {
      if (!name.endsWith(".yaml")) continue;
      const path = `${folder}/${name}`;
      await t.step(path, async () => checkAll(await readManifests(path)));
    }
  }
});
