import assert from "node:assert/strict";
import { connectionOptions } from "../../src/cli/connection_options.ts";
import { loadConfig } from "../../src/config/load_config.ts";

const ENV: Readonly<Record<string, string>> = {
  KUBERNETES_SERVICE_HOST: "10.0.0.1",
  KUBERNETES_SERVICE_PORT: "443",
};

Deno.test("connectionOptions() takes the configuration's server, its kubeconfig or the pod's own", async (t) => {
  const inCluster = {
    kind: "in-cluster",
    folder: "/var/run/secrets/kubernetes.io/serviceaccount",
    insecure: false,
  };
  const cases = [
    {
      name: "server",
      args: ["--api-server=https://10.0.0.2", "--api-token-file=/token"],
      env: ENV,
      options: {
        kind: "server",
        url: "https://10.0.0.2",
        tokenFile: "/token",
        insecure: false,
      },
    },
    {
      name: "kubeconfig",
      args: ["--kubeconfig=/kubeconfig", "--insecure"],
      env: ENV,
      options: { kind: "kubeconfig", file: "/kubeconfig", insecure: true },
    },
    {
      name: "in a pod",
      args: [],
      env: ENV,
      options: { ...inCluster, host: "10.0.0.1", port: "443" },
    },
    {
      name: "nothing",
      args: [],
      env: {},
      options: { ...inCluster, host: "", port: "" },
    },
  ];
  for (const { name, args, env, options } of cases) {
    await t.step(name, async () => {
      const variables = new Map(Object.entries(env));
      const { config } = await loadConfig({
        args,
        env: () => undefined,
        readTextFile: () => Promise.reject(new Error("no file")),
      });
      assert.deepEqual(
        connectionOptions(config, (name) => variables.get(name)),
        options,
      );
    });
  }
});
