import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import { loadConfig } from "../../src/config/load_config.ts";
import { valueAt } from "../../src/config/value_at.ts";
import {
  DEPLOY,
  type Manifest,
  namesIn,
  renderKustomization,
} from "./manifests.ts";

const BASE = new URL("kustomize/base/", DEPLOY);

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

/** Overlays that change something else than the configuration. */
const CHANGED: Readonly<Record<string, readonly string[]>> = {
  tracing: ["DaemonSet"],
  "gke-concealment": ["ConfigMap", "DaemonSet"],
};

Deno.test("deploy: every overlay changes what it has to of the base", async (t) => {
  const base = await renderKustomization("kustomize/base");
  for (const name of await namesIn("kustomize/overlays")) {
    await t.step(name, async () => {
      const overlay = await renderKustomization(`kustomize/overlays/${name}`);
      assert.deepEqual(overlay.map(identify), base.map(identify));
      const changed = overlay.filter((object, index) =>
        !isDeepStrictEqual(object, base[index])
      );
      assert.deepEqual(
        changed.map(({ kind }) => kind).sort(),
        CHANGED[name] ?? ["ConfigMap"],
      );
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
      const overlay = await renderKustomization(`kustomize/overlays/${name}`);
      const data = overlay.find(({ kind }) => kind === "ConfigMap")?.["data"];
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

Deno.test("deploy: the daemon's command is the image's own, with the hosts named", async () => {
  const { spec } = await readManifest("daemonset.yaml");
  const { containers: [daemon] } = Object(spec).template.spec;
  const shebang = await Deno.readTextFile(new URL("image/shebang", DEPLOY));
  const own = shebang.trim().replace("#!/usr/bin/env -S ", "").split(" ");
  assert.deepEqual(daemon.command, [
    ...own,
    daemon.command.find((each: string) => each.startsWith("--allow-net=")),
    "/opt/saassigner/saassigner",
  ]);
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

function identify({ apiVersion, kind, metadata }: Manifest): unknown {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name, namespace };
}
