import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Network, type Space } from "./network.ts";

const HOST_IP = "10.128.0.2";
const METADATA = "http://169.254.169.254/computeMetadata/v1";
const TOKEN = `${METADATA}/instance/service-accounts/default/token`;
const EMAIL = `${METADATA}/instance/service-accounts/default/email`;
const PODS = [
  {
    space: "bridged",
    ip: "10.4.0.11",
    account: "app@demo-proj.iam.gserviceaccount.com",
  },
  {
    space: "ptp",
    ip: "10.5.0.11",
    account: "billing@demo-proj.iam.gserviceaccount.com",
  },
] as const;

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

Deno.test("the program with the original's own flags serves pods on the real address", async (t) => {
  await using network = await Network.create();
  const daemon = await network.start(
    "node",
    "daemon_in_node.ts",
    HOST_IP,
    ...PODS.map(({ ip }) => ip),
  );
  const get = async (
    space: Space,
    url: string,
  ): Promise<{ status: number; body: string }> =>
    JSON.parse(
      await network.exec(
        space,
        Deno.execPath(),
        "run",
        "--allow-net",
        pathOf("./metadata_probe.ts"),
        url,
      ),
    );

  for (const { space, account } of PODS) {
    await t.step(`${space}: its own account and token`, async () => {
      assert.deepEqual(await get(space, EMAIL), { status: 200, body: account });
      const { status, body } = await get(space, TOKEN);
      assert.equal(status, 200);
      assert.match(body, /"token_type":"Bearer"/);
    });
    await t.step(
      `${space}: the unmodified client library, told nothing`,
      async () => {
        const text = await network.exec(
          space,
          "env",
          "CLOUDSDK_CONFIG=/nonexistent",
          Deno.execPath(),
          "run",
          "--quiet",
          "--allow-all",
          pathOf("../clients/use_google_auth.mjs"),
        );
        const got = JSON.parse(text);
        assert.equal(got.email, account);
        assert.equal(got.projectId, "demo-proj");
        assert.match(got.accessToken, /^ya29\./);
      },
    );
  }
  await t.step("the kubelet's probe on the pod-facing port", async () => {
    const { status, body } = await get(
      "node",
      `http://${HOST_IP}:8181/healthz`,
    );
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).hostIP, HOST_IP);
  });
  await t.step("no answer at all once it is killed", async () => {
    daemon.kill("SIGKILL");
    await daemon.status;
    for (const { space } of PODS) {
      assert.equal(await get(space, TOKEN), "refused");
    }
  });
});
