import assert from "node:assert/strict";
import { DEPLOY, parseYaml, renderKustomization } from "./manifests.ts";

Deno.test("skaffold: builds the image that the manifests name", async () => {
  const { build, manifests } = parseYaml(
    await Deno.readTextFile(new URL("skaffold.yaml", DEPLOY)),
  );
  const [{ image, context, docker }, ...others] = build.artifacts;
  assert.deepEqual(others, []);
  const root = new URL(`${context}/`, DEPLOY);
  assert.ok((await Deno.stat(new URL(docker.dockerfile, root))).isFile);
  const [path] = manifests.kustomize.paths;
  const daemonSet = (await renderKustomization(path)).find(({ kind }) =>
    kind === "DaemonSet"
  );
  const { containers, initContainers } = daemonSet?.["spec"].template.spec;
  for (const container of [...initContainers, ...containers]) {
    assert.equal(container.image.split(":")[0], image);
  }
});
