import assert from "node:assert/strict";
import { createConnection } from "../../src/kubernetes/create_connection.ts";

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: k, cluster: {server: "https://10.0.0.3:443"}}]
contexts: [{name: c, context: {cluster: k}}]
`;

Deno.test("createConnection() goes by the kind", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, KUBECONFIG);
    const insecure = false;
    const connections = await Promise.all([
      createConnection({ kind: "server", url: "http://10.0.0.1", insecure }),
      createConnection({
        kind: "in-cluster",
        host: "10.0.0.2",
        port: "443",
        folder: "/nonexistent",
        insecure,
      }),
      createConnection({ kind: "kubeconfig", file, insecure }),
    ]);
    assert.deepEqual(connections.map(({ server }) => server), [
      "http://10.0.0.1",
      "https://10.0.0.2:443",
      "https://10.0.0.3:443",
    ]);
  } finally {
    await Deno.remove(file);
  }
});
