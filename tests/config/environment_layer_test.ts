import assert from "node:assert/strict";
import { load } from "./load.ts";

const ENV = {
  NODE_NAME: "from-env",
  HOST_IP: "10.0.0.9",
  GOOGLE_APPLICATION_CREDENTIALS: "/key.json",
};

Deno.test("readEnvironmentLayer() fills what no layer sets", async () => {
  const { config, origins } = await load({ env: ENV });
  assert.equal(config.kubernetes.node, "from-env");
  assert.equal(config.interception.hostIP, "10.0.0.9");
  assert.equal(config.google.credentials, "adc");
  assert.deepEqual(origins.get("kubernetes.node"), {
    kind: "environment",
    name: "NODE_NAME",
  });
  assert.deepEqual(origins.get("google.credentials"), {
    kind: "environment",
    name: "GOOGLE_APPLICATION_CREDENTIALS",
  });
});

Deno.test("readEnvironmentLayer() gives a backend the node's address", async () => {
  const { config } = await load({ args: ["--iptables"], env: ENV });
  assert.equal(config.interception.backend, "iptables");
  assert.equal(config.interception.hostIP, "10.0.0.9");
});

Deno.test("readEnvironmentLayer() yields to the file", async () => {
  const { config } = await load({
    yaml:
      "kubernetes: {node: a}\ninterception: {hostIP: 10.0.0.1}\ngoogle: {credentials: metadata}",
    env: ENV,
  });
  assert.equal(config.kubernetes.node, "a");
  assert.equal(config.interception.hostIP, "10.0.0.1");
  assert.equal(config.google.credentials, "metadata");
});

Deno.test("readEnvironmentLayer() fills empty values of the file", async () => {
  const { config, origins } = await load({
    yaml: 'kubernetes: {node: ""}\ninterception: {hostIP: null}',
    env: ENV,
  });
  assert.equal(config.kubernetes.node, "from-env");
  assert.equal(config.interception.hostIP, "10.0.0.9");
  assert.equal(origins.get("interception.hostIP")?.kind, "environment");
});

Deno.test("readEnvironmentLayer() yields to flags, even empty ones", async () => {
  const { config } = await load({
    args: ["--node=", "--host-ip=", "--google-credentials=metadata"],
    env: ENV,
  });
  assert.equal(config.kubernetes.node, "");
  assert.equal(config.interception.hostIP, undefined);
  assert.equal(config.google.credentials, "metadata");
});

Deno.test("readEnvironmentLayer() takes an empty variable for a missing one", async () => {
  const { config, origins } = await load({
    env: { NODE_NAME: "", HOST_IP: "", GOOGLE_APPLICATION_CREDENTIALS: "" },
  });
  assert.equal(config.google.credentials, "metadata");
  assert([...origins.values()].every(({ kind }) => kind === "default"));
});
