import assert from "node:assert/strict";
import type { Access, Connection } from "../../src/kubernetes/connection.ts";
import { connectByKubeconfig } from "../../src/kubernetes/kubeconfig_connection.ts";
import { failureOf } from "./api_setup.ts";

const OPEN: Access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};

Deno.test("connectByKubeconfig()", async (t) => {
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

Deno.test("connectByKubeconfig() can be told not to verify", async () => {
  const connection = await connectBy(kubeconfig({}), { insecure: true });
  assert.deepEqual(await connection.access(), { ...OPEN, insecure: true });
});

Deno.test("connectByKubeconfig() tells which file of it cannot be read", async () => {
  const connection = await connectBy(
    kubeconfig({ cluster: "certificate-authority: missing-ca.crt" }),
  );
  assert.match(await failureOf(connection.access()), /missing-ca\.crt/);
});

Deno.test("connectByKubeconfig() refuses a file that it cannot use", async (t) => {
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
      () => connectByKubeconfig({ file, insecure: false }),
      /\/nonexistent\/kubeconfig/,
    );
  });
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
): Promise<Connection> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, text);
    return connectByKubeconfig({ file, ...options });
  } finally {
    await Deno.remove(file);
  }
}
