import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/config_error.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { load, refusal, refusalText } from "./load.ts";

const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("loadConfig() gives the defaults when nothing is set", async () => {
  const { config, file, origins } = await load({});
  assert.deepEqual(config, {
    server: { address: "0.0.0.0", port: 8181, handoverPort: 8183 },
    admin: {
      address: "127.0.0.1",
      port: 8182,
      socket: undefined,
      debug: false,
    },
    kubernetes: {
      apiServer: undefined,
      apiToken: undefined,
      apiTokenFile: undefined,
      kubeconfig: undefined,
      insecure: false,
      node: "",
      events: true,
      maxStaleness: 900_000,
    },
    annotations: {
      serviceAccount: "accounts.google.com/service-account",
      scopes: "accounts.google.com/scopes",
      allowedServiceAccounts: "accounts.google.com/allowed-service-accounts",
    },
    defaults: {
      serviceAccount: "",
      scopes: [
        "https://www.googleapis.com/auth/cloud-platform",
        "https://www.googleapis.com/auth/userinfo.email",
      ],
    },
    restrictions: { mode: "off" },
    metadata: {
      address: "169.254.169.254",
      hosts: [],
      nextHop: { enabled: false, address: "127.0.0.1:988" },
      expose: "standard",
      allow: [],
      deny: [],
    },
    google: {
      iamEndpoint: undefined,
      universeDomain: "googleapis.com",
      credentials: "metadata",
      lifetime: 3_600_000,
      delegates: [],
      callsPerSecond: 20,
      callBurst: 50,
    },
    tokens: {
      cacheEntries: 10_000,
      entriesPerPod: 32,
      prefetch: true,
      rememberRefusals: 10_000,
    },
    interception: {
      backend: "none",
      address: "169.254.169.254",
      ipv6Address: "fd20:ce::254",
      hostIP: undefined,
      interfaces: [],
      guard: "all",
      connectionsPerPod: 256,
      refuseDirect: false,
      checkInterval: 10_000,
      watchRules: true,
    },
    backoff: { maxElapsed: 2_000, maxInterval: 1_000 },
    telemetry: { traceUrlTemplate: undefined },
    log: { format: "text", level: "info", audit: false },
  });
  assert.equal(file, undefined);
  assert([...origins.values()].every(({ kind }) => kind === "default"));
});

Deno.test("loadConfig() lets typed flags win over the file, and the file over the defaults", async () => {
  const { config, file } = await load({
    yaml: `server: {port: 1}\ndefaults: {serviceAccount: ${ACCOUNT}}`,
    args: ["--app-port=2"],
  });
  assert.equal(config.server.port, 2);
  assert.equal(config.defaults.serviceAccount, ACCOUNT);
  assert.equal(config.admin.port, 8182);
  assert.equal(file, "config.yaml");
});

Deno.test("loadConfig() never lets a flag's default beat the file", async () => {
  const { config } = await load({
    yaml: "log: {level: error}",
    args: ["--verbose=false"],
  });
  assert.equal(config.log.level, "error");
});

Deno.test("loadConfig() refuses bad values of every layer at once", async () => {
  const text = await refusalText({
    yaml: "server: {port: x}",
    args: ["--nod=a", "--log-level=loud", "extra"],
    env: { HOST_IP: "here" },
  });
  assert.deepEqual(text.split("\n").map((line) => line.split(": ")[0]), [
    "--nod",
    "--log-level",
    "command line",
    "config.yaml:1:16",
    "HOST_IP",
  ]);
});

Deno.test("loadConfig() refuses a bad value in the file that a flag would replace", async () => {
  const issues = await refusal({
    yaml: "server: {port: x}",
    args: ["--app-port=1"],
  });
  assert.deepEqual(issues.map(({ source }) => source), ["config.yaml"]);
});

Deno.test("loadConfig() names an unreadable file and why", async (t) => {
  const cases: readonly [Error, string][] = [
    [new Deno.errors.NotFound("No such file, readfile 'x'"), "no such file"],
    [new Deno.errors.PermissionDenied("denied"), "permission denied"],
    [new Deno.errors.IsADirectory("dir"), "it is a directory"],
    [new TypeError("bad path"), "bad path"],
  ];
  for (const [error, reason] of cases) {
    await t.step(reason, async () => {
      const loading = loadConfig({
        args: ["--config=x.yaml"],
        env: () => undefined,
        readTextFile: () => Promise.reject(error),
      });
      await assert.rejects(loading, (thrown) => {
        assert(thrown instanceof ConfigError);
        assert.equal(thrown.name, "ConfigError");
        assert.equal(thrown.message, `x.yaml: cannot be read: ${reason}`);
        return true;
      });
    });
  }
});

Deno.test("loadConfig() reads the file anew each time", async () => {
  let port = 0;
  const input = {
    args: ["--config=x"],
    env: (): undefined => undefined,
    readTextFile: (): string => `server: {port: ${port += 1}}`,
  };
  assert.equal((await loadConfig(input)).config.server.port, 1);
  assert.equal((await loadConfig(input)).config.server.port, 2);
});
