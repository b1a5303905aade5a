import assert from "node:assert/strict";
import {
  type Access,
  createConnection,
} from "../../src/kubernetes/connection.ts";
import { failureOf } from "./api_setup.ts";

const OPEN: Access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};

Deno.test("createConnection() to a named server", async (t) => {
  const bearer = { "Authorization": "Bearer t1" };
  const cases = [
    { name: "https", url: "https://10.0.0.1:6443", access: OPEN },
    {
      name: "https with a token",
      url: "https://10.0.0.1:6443/base//",
      token: "t1",
      access: { ...OPEN, headers: bearer },
    },
    {
      name: "https insecure",
      url: "https://[fd00::1]",
      insecure: true,
      access: { ...OPEN, insecure: true },
    },
    {
      name: "http with a token",
      url: "http://127.0.0.1:8001/",
      token: "t1\n",
      access: { ...OPEN, headers: bearer, insecure: true },
    },
  ];
  for (const { name, access, insecure = false, ...options } of cases) {
    await t.step(name, async () => {
      const connection = createConnection({
        kind: "server",
        insecure,
        ...options,
      });
      assert.equal(connection.server, options.url.replace(/\/+$/, ""));
      assert.deepEqual(await connection.access(), access);
    });
  }
});

Deno.test("createConnection() refuses an address that is no URL", () => {
  assert.throws(
    () =>
      createConnection({ kind: "server", url: "10.0.0.1", insecure: false }),
    { message: "The API server's address is no URL: 10.0.0.1" },
  );
});

Deno.test("createConnection() by a kubeconfig", async (t) => {
  const data = (text: string): string =>
    new TextEncoder().encode(text).toBase64();
  const cases: {
    name: string;
    cluster?: string;
    user?: string;
    access: Access;
  }[] = [
    { name: "without user", access: OPEN },
    {
      name: "token",
      user: "token: t1",
      access: { ...OPEN, headers: { "Authorization": "Bearer t1" } },
    },
    {
      name: "password",
      user: "username: me\n    password: secret",
      access: {
        ...OPEN,
        headers: { "Authorization": `Basic ${data("me:secret")}` },
      },
    },
    {
      name: "client certificate",
      user: `client-certificate-data: ${data("CERT")}\n` +
        `    client-key-data: ${data("KEY")}`,
      access: { ...OPEN, certificate: { cert: "CERT", key: "KEY" } },
    },
    {
      name: "certificate without its key",
      user: `client-certificate-data: ${data("CERT")}`,
      access: OPEN,
    },
    {
      name: "authority",
      cluster: `certificate-authority-data: ${data("CA")}`,
      user: "token: t1",
      access: { ...OPEN, ca: "CA", headers: { "Authorization": "Bearer t1" } },
    },
    {
      name: "insecure",
      cluster: "insecure-skip-tls-verify: true",
      access: { ...OPEN, insecure: true },
    },
  ];
  for (const { name, access, cluster, user } of cases) {
    await t.step(name, async () => {
      const connection = await connectBy(kubeconfig({ cluster, user }));
      assert.equal(connection.server, "https://10.0.0.1:6443");
      assert.deepEqual(await connection.access(), access);
    });
  }
});

Deno.test("createConnection() by a kubeconfig can be told not to verify", async () => {
  const connection = await connectBy(kubeconfig({}), { insecure: true });
  assert.deepEqual(await connection.access(), { ...OPEN, insecure: true });
});

Deno.test("createConnection() by a kubeconfig tells which file of it cannot be read", async () => {
  const connection = await connectBy(
    kubeconfig({ cluster: "certificate-authority: missing-ca.crt" }),
  );
  assert.match(await failureOf(connection.access()), /missing-ca\.crt/);
});

Deno.test("createConnection() refuses a kubeconfig that it cannot use", async (t) => {
  const texts = [
    { name: "empty", text: "" },
    { name: "no YAML", text: "{{{" },
    { name: "a list", text: "- a\n- b\n" },
    { name: "no contexts", text: "apiVersion: v1\nkind: Config\n" },
    { name: "unknown current context", text: kubeconfig({ current: "other" }) },
    { name: "cluster without server", text: kubeconfig({ server: "" }) },
    { name: "server that is no URL", text: kubeconfig({ server: "10.0.0.1" }) },
  ];
  for (const { name, text } of texts) {
    await t.step(name, async () => {
      await assert.rejects(connectBy(text), (error) => error instanceof Error);
    });
  }
  await t.step("missing", () => {
    const file = "/nonexistent/kubeconfig";
    assert.throws(
      () => createConnection({ kind: "kubeconfig", file, insecure: false }),
      /\/nonexistent\/kubeconfig/,
    );
  });
});

Deno.test("createConnection() in a pod goes by its environment", async (t) => {
  const unset = { error: /KUBERNETES_SERVICE_HOST/ };
  const cases: {
    name: string;
    env: Record<string, string>;
    server?: string;
    error?: RegExp;
  }[] = [
    {
      name: "IPv4",
      env: {
        KUBERNETES_SERVICE_HOST: "10.0.0.1",
        KUBERNETES_SERVICE_PORT: "443",
      },
      server: "https://10.0.0.1:443",
    },
    {
      name: "IPv6",
      env: {
        KUBERNETES_SERVICE_HOST: "fd00::1",
        KUBERNETES_SERVICE_PORT: "6443",
      },
      server: "https://[fd00::1]:6443",
    },
    { name: "nothing", env: {}, ...unset },
    {
      name: "no port",
      env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
      ...unset,
    },
  ];
  for (const { name, env, server, error } of cases) {
    await t.step(name, async () => {
      const outcome = await probe(env);
      assert.equal(outcome["server"], server);
      if (error !== undefined) assert.match(outcome["error"] ?? "", error);
      else {
        assert.match(
          outcome["access"] ?? "",
          /^read$|\/serviceaccount\/(ca\.crt|token)/,
        );
      }
    });
  }
});

function kubeconfig(
  options: {
    readonly cluster?: string | undefined;
    readonly user?: string | undefined;
    readonly server?: string;
    readonly current?: string;
  },
): string {
  const {
    cluster = "",
    server = "https://10.0.0.1:6443/",
    user,
    current = "c",
  } = options;
  return `apiVersion: v1
kind: Config
current-context: ${current}
clusters:
- name: k
  cluster:
    ${server === "" ? "" : `server: ${server}`}
    ${cluster}
contexts:
- name: c
  context:
    cluster: k
${
    user === undefined
      ? ""
      : "    user: u\nusers:\n- name: u\n  user:\n    " + user
  }
`;
}

async function connectBy(
  text: string,
  options: { readonly insecure: boolean } = { insecure: false },
): Promise<ReturnType<typeof createConnection>> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, text);
    return createConnection({ kind: "kubeconfig", file, ...options });
  } finally {
    await Deno.remove(file);
  }
}

/** Environment variables belong to the process, so the question is put in another one. */
async function probe(
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--allow-all",
      new URL("connection_probe.ts", import.meta.url).href,
    ],
    clearEnv: true,
    env: { ...inherited(), ...env },
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function inherited(): Record<string, string> {
  const kept = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "SystemRoot"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
