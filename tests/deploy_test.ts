import assert from "node:assert/strict";
import { parseDocument } from "yaml";
import { loadConfig } from "../src/config/load_config.ts";

const BASE = new URL("../deploy/kustomize/base/", import.meta.url);

async function readManifest(name: string): Promise<Record<string, unknown>> {
  const document = parseDocument(await Deno.readTextFile(new URL(name, BASE)));
  assert.deepEqual(document.errors, []);
  return document.toJS();
}

Deno.test("deploy: the kustomization names every manifest", async () => {
  const { resources } = await readManifest("kustomization.yaml");
  const files = await Array.fromAsync(Deno.readDir(BASE), ({ name }) => name);
  assert.ok(Array.isArray(resources));
  assert.deepEqual([...resources, "kustomization.yaml"].sort(), files.sort());
});

Deno.test("deploy: the ConfigMap holds a configuration that is accepted", async () => {
  const { data } = await readManifest("configmap.yaml");
  assert.ok(typeof data === "object" && data !== null && "config.yaml" in data);
  const { config } = await loadConfig({
    args: ["--config=/etc/saassigner/config.yaml"],
    env: (name) => ({ NODE_NAME: "node", HOST_IP: "10.0.0.2" })[name],
    readTextFile: () => String(data["config.yaml"]),
  });
  assert.equal(config.restrictions.mode, "off");
  assert.equal(config.interception.backend, "iptables");
});
