import assert from "node:assert/strict";
import { parseDocument } from "yaml";
import { loadConfig } from "../src/config/load_config.ts";
import { valueAt } from "../src/config/value_at.ts";
import { isAccountEmail } from "../src/core/account.ts";

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

const OVERLAYS = new URL("../deploy/kustomize/overlays/", import.meta.url);

async function readOverlay(path: string): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(new URL(path, OVERLAYS));
  const document = parseDocument(text);
  assert.deepEqual(document.errors, []);
  return document.toJS();
}

Deno.test("deploy: every overlay patches what is in the base", async (t) => {
  const { metadata } = await readManifest("daemonset.yaml");
  for await (const { name } of Deno.readDir(OVERLAYS)) {
    await t.step(name, async () => {
      const kustomization = await readOverlay(`${name}/kustomization.yaml`);
      assert.deepEqual(kustomization["resources"], ["../../base"]);
      const [file, ...others] =
        kustomization["patchesStrategicMerge"] as string[];
      assert.deepEqual(others, []);
      const patch = await readOverlay(`${name}/${file}`);
      assert.deepEqual(patch["metadata"], { name: Object(metadata).name });
    });
  }
});

Deno.test("deploy: the overlays' configurations are accepted and mean what their names say", async (t) => {
  const cases = [
    { name: "nftables", path: "interception.backend", value: "nftables" },
    { name: "restrictions-report", path: "restrictions.mode", value: "report" },
    {
      name: "restrictions-enforce",
      path: "restrictions.mode",
      value: "enforce",
    },
    {
      name: "gke-concealment",
      path: "metadata.nextHop.enabled",
      value: true,
    },
  ];
  for (const { name, path, value } of cases) {
    await t.step(name, async () => {
      const { data } = await readOverlay(`${name}/configmap.yaml`);
      const { config } = await loadConfig({
        args: ["--config=/etc/saassigner/config.yaml"],
        env: (name) => ({ NODE_NAME: "node", HOST_IP: "10.0.0.2" })[name],
        readTextFile: () => String(Object(data)["config.yaml"]),
      });
      assert.equal(valueAt(config, path), value);
      assert.notEqual(config.interception.backend, "none");
    });
  }
});

Deno.test("deploy: the guard is installed before the daemon, with the same rights", async () => {
  const { spec } = await readManifest("daemonset.yaml");
  const { initContainers: [guard], containers: [daemon], affinity } =
    Object(spec).template.spec;
  assert.deepEqual(guard.args.slice(0, 3), [
    "interception",
    "install",
    "--guard-only",
  ]);
  assert.deepEqual(guard.args.slice(3), daemon.args.slice(0, 1));
  for (const key of ["image", "env", "volumeMounts", "securityContext"]) {
    assert.deepEqual(guard[key], daemon[key], key);
  }
  assert.match(JSON.stringify(affinity), /gke-metadata-server-enabled/);
});

Deno.test("deploy: the admission policy takes the e-mails that the daemon takes", async () => {
  const text = await Deno.readTextFile(
    new URL("../deploy/admission/policy.yaml", import.meta.url),
  );
  assert.deepEqual(parseDocument(text).errors, []);
  const [, source = ""] = /account\.matches\('([^']+)'\)/.exec(text) ?? [];
  const pattern = new RegExp(source);
  const emails = [
    "app@demo-proj.iam.gserviceaccount.com",
    "123-compute@developer.gserviceaccount.com",
    "app@demo-proj.iam.gserviceaccount.com/..",
    "App@demo-proj.iam.gserviceaccount.com",
    "app@demo",
    "default",
    "",
    "a b@c.d",
  ];
  for (const email of emails) {
    assert.equal(pattern.test(email), isAccountEmail(email), email);
  }
});
