import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertGoogleAuth } from "../clients/assert_google_auth.ts";
import { DEBIAN_CLIENTS, type RunInPod } from "./debian_clients.ts";
import { Network, type Space } from "./network.ts";

const HOST_IP = "10.128.0.2";
const METADATA = "http://169.254.169.254/computeMetadata/v1";
const TOKEN = `${METADATA}/instance/service-accounts/default/token`;
const EMAIL = `${METADATA}/instance/service-accounts/default/email`;
const STORAGE = `http://${HOST_IP}:8190`;
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

/**
 * Makes commands in pods find the metadata server by the name that cluster DNS or the
 * node's resolver gives, and no other name; nothing else is told.
 */
async function withNames(
  network: Network,
  folder: string,
): Promise<Network["exec"]> {
  const hosts = `${folder}/hosts`;
  const resolv = `${folder}/resolv.conf`;
  await Deno.writeTextFile(hosts, "169.254.169.254 metadata.google.internal\n");
  await Deno.writeTextFile(resolv, "nameserver 127.0.0.1\n");
  return (space, ...command) =>
    network.exec(
      space,
      ...["unshare", "--mount", "sh", "-c"],
      'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"',
      hosts,
      resolv,
      ...command,
    );
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
    Object(await network.get(space, url));

  const folder = await Deno.makeTempDir();
  const execAsPod = await withNames(network, folder);
  for (const { space, account } of PODS) {
    await t.step(`${space}: its own account and token`, async () => {
      assert.deepEqual(await get(space, EMAIL), { status: 200, body: account });
      const { status, body } = await get(space, TOKEN);
      assert.equal(status, 200);
      assert.match(body, /"token_type":"Bearer"/);
    });
    const runScript = (
      script: string,
      ...args: readonly string[]
    ): Promise<string> =>
      execAsPod(
        space,
        // Where gcloud is installed, the library asks it for the project first.
        ...["env", "PATH=/nonexistent"],
        ...[Deno.execPath(), "run", "--quiet", "--allow-all"],
        pathOf(`../clients/${script}`),
        ...args,
      );
    await t.step(
      `${space}: the newest google-auth-library and gcp-metadata, told nothing`,
      async () => {
        assertGoogleAuth(await runScript("use_google_auth.mjs"), account);
      },
    );
    await t.step(
      `${space}: the newest storage library, told the endpoint alone`,
      async () => {
        const text = await runScript("use_storage.mjs", STORAGE);
        assert.deepEqual(JSON.parse(text), [account]);
      },
    );
  }
  for (const { name, prepare, check } of DEBIAN_CLIENTS) {
    const ignore = !await prepare(folder);
    for (const { space, account } of PODS) {
      const run: RunInPod = (...command) =>
        execAsPod(
          space,
          ...["env", "-i", `--chdir=${folder}`],
          ...["PATH=/usr/bin:/bin", "HOME=/nonexistent"],
          ...command,
        );
      await t.step({
        name: `${space}: ${name}${ignore ? " is skipped: not installed" : ""}`,
        ignore,
        fn: () => check(run, { storage: STORAGE, account }),
      });
    }
  }
  await Deno.remove(folder, { recursive: true });
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
      assert.equal(await network.get(space, TOKEN), "refused");
    }
  });
});

Deno.test("the program killed and started again under load never leaves pods to the node's account", async () => {
  await using network = await Network.create();
  const start = (): Promise<Deno.ChildProcess> =>
    network.start(
      "node",
      "daemon_in_node.ts",
      HOST_IP,
      ...PODS.map(({ ip }) => ip),
    );
  let daemon = await start();
  const loads = PODS.map(({ space }) => network.load(space));
  for (let round = 0; round < 4; round++) {
    daemon.kill(round % 2 === 0 ? "SIGKILL" : "SIGTERM");
    await daemon.status;
    daemon = await start();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  for (const [index, { account }] of PODS.entries()) {
    const { [account]: right = 0, refused = 0, ...others } = JSON.parse(
      await loads[index]?.ask() ?? "{}",
    );
    assert.ok(right > 100, `${right} right answers`);
    assert.ok(refused > 100, `${refused} refusals`);
    for (const answer of Object.keys(others)) {
      // A pod that is not known yet is told so.
      assert.match(answer, /^(reset|closed|late|The pods of this node .*)$/);
    }
  }
});
