import assert from "node:assert/strict";
import type { Access } from "../../src/kubernetes/connection.ts";
import {
  connectInCluster,
  connectToServer,
} from "../../src/kubernetes/server_connection.ts";
import { failureOf } from "./api_setup.ts";

const OPEN: Access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};
const POD = {
  host: "10.0.0.1",
  port: "443",
  folder: "/nonexistent",
  insecure: false,
};

Deno.test("connectToServer()", async (t) => {
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
      const connection = connectToServer({
        insecure,
        ...options,
      });
      assert.equal(connection.server, options.url.replace(/\/+$/, ""));
      assert.deepEqual(await connection.access(), access);
    });
  }
});

Deno.test("connectToServer() refuses an address that is no URL", () => {
  assert.throws(
    () => connectToServer({ url: "10.0.0.1", insecure: false }),
    { message: "The API server's address is no URL: 10.0.0.1" },
  );
});

Deno.test("connectToServer() reads a token file for each request", async () => {
  const tokenFile = await Deno.makeTempFile();
  try {
    const connection = connectToServer({
      url: "https://10.0.0.1",
      tokenFile,
      insecure: false,
    });
    for (const token of ["t1", "t2"]) {
      await Deno.writeTextFile(tokenFile, `${token}\n`);
      assert.deepEqual((await connection.access()).headers, {
        Authorization: `Bearer ${token}`,
      });
    }
  } finally {
    await Deno.remove(tokenFile);
  }
});

Deno.test("connectToServer() tells a token of several lines without quoting it", async () => {
  const connection = connectToServer({
    url: "https://10.0.0.1",
    token: "first\nsecond",
    insecure: false,
  });
  assert.equal(
    await failureOf(connection.access()),
    "The Authorization header would hold more than one line of text",
  );
});

Deno.test("connectInCluster() goes by what Kubernetes tells the pod", async (t) => {
  const cases = [
    {
      name: "IPv4",
      host: "10.0.0.1",
      port: "443",
      url: "https://10.0.0.1:443",
    },
    {
      name: "IPv6",
      host: "fd00::1",
      port: "6443",
      url: "https://[fd00::1]:6443",
    },
  ];
  for (const { name, host, port, url } of cases) {
    await t.step(name, () => {
      const connection = connectInCluster({ ...POD, host, port });
      assert.equal(connection.server, url);
    });
  }
  const refused = [
    { name: "nothing", host: "", port: "" },
    { name: "no port", host: "10.0.0.1", port: "" },
    { name: "no host", host: "", port: "443" },
  ];
  for (const { name, host, port } of refused) {
    await t.step(name, () => {
      assert.throws(
        () => connectInCluster({ ...POD, host, port }),
        /KUBERNETES_SERVICE_HOST/,
      );
    });
  }
});

Deno.test("connectInCluster() reads the mounted service account for each request", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const connection = connectInCluster({ ...POD, folder });
    assert.match(await failureOf(connection.access()), /token|ca\.crt/);
    for (const turn of ["1", "2"]) {
      await Deno.writeTextFile(`${folder}/token`, `t${turn}`);
      await Deno.writeTextFile(`${folder}/ca.crt`, `CA${turn}`);
      assert.deepEqual(await connection.access(), {
        ...OPEN,
        headers: { Authorization: `Bearer t${turn}` },
        ca: `CA${turn}`,
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
