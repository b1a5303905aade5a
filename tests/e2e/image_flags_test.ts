import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HOST_IP, METADATA } from "./guarded_node.ts";
import { Network } from "./network.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUNDLE = "/opt/saassigner/saassigner.js";
const CONFIG = "/etc/saassigner";
const EMAIL =
  `http://${METADATA}/computeMetadata/v1/instance/service-accounts/default/email`;
const RIGHT = { status: 200, body: "app@demo-proj.iam.gserviceaccount.com" };
const CAPABILITIES = "-all,+net_admin,+net_raw";

/** Writes the image's command anew, with paths that are on this machine. */
async function writeCommand(folder: string, program: string): Promise<string> {
  const text = await Deno.readTextFile(`${ROOT}/deploy/image/saassigner`);
  const path = `${folder}/saassigner`;
  await Deno.writeTextFile(
    path,
    text.replace("exec deno", `exec ${Deno.execPath()}`)
      .replace(BUNDLE, program).replace(CONFIG, folder),
    { mode: 0o755 },
  );
  return path;
}

async function bundle(folder: string): Promise<string> {
  const output = `${folder}/saassigner.js`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--minify", "--quiet", "--output", output, "src/main.ts"],
    cwd: ROOT,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return output;
}

for (const backend of ["iptables", "nftables"] as const) {
  Deno.test(`the image's flags and capabilities are enough, with ${backend}`, async () => {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await Network.create());
    const folder = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(
      `${folder}/config.yaml`,
      `interception:\n  backend: ${backend}\nlog:\n  format: json\n`,
    );
    const program = await bundle(folder);
    const flagsFile = `${folder}/flags.json`;
    await network.start(
      "node",
      "sandbox_in_node.ts",
      flagsFile,
      ...["10.4.0.11", "10.5.0.11"],
    );
    const flags: readonly string[] = JSON.parse(
      await Deno.readTextFile(flagsFile),
    );
    const command = [
      ...["setpriv", `--bounding-set=${CAPABILITIES}`, "--no-new-privs"],
      ...["env", `HOST_IP=${HOST_IP}`, "NODE_NAME=sandbox-node"],
      await writeCommand(folder, program),
    ];
    const config = `--config=${folder}/config.yaml`;
    // As the init container does it.
    const [tool = "", ...args] = command;
    const guard = await network.tryInNode(
      tool,
      ...args,
      ...["interception", "install", "--guard-only", config],
    );
    assert.equal(guard.code, 0, guard.stderr);
    assert.deepEqual(await network.ask("ptp", METADATA), ["refused"]);
    const daemon = await network.spawn("node", [
      ...command,
      config,
      ...flags,
      "--debug",
    ], "redirect to port");
    for (const space of ["bridged", "ptp"] as const) {
      assert.deepEqual(await network.get(space, EMAIL), RIGHT);
    }
    // As by kubectl exec.
    const doctor = await network.tryInNode(
      tool,
      ...args,
      ...["doctor", "--output=json", config, ...flags],
    );
    assert.equal(doctor.stderr, "");
    const { findings } = JSON.parse(doctor.stdout);
    assert.deepEqual(
      findings.filter(({ status }: { status: string }) => status !== "ok")
        .map(({ name, detail }: { name: string; detail: string }) =>
          `${name}: ${detail}`
        ),
      [
        "allow-lists: restrictions.mode is off",
        "Workload Identity of GKE: RBAC: this account may not get nodes",
        "daemons: no pod of the cluster has the label app.kubernetes.io/name=k8s-gke-service-account-assigner",
      ],
    );
    assert.equal(doctor.code, 0);
    // What other programs do is seen at once with these rights, too.
    await network.exec("node", "nft", "flush", "ruleset");
    let answer: unknown;
    for (let attempt = 0; attempt < 50 && answer !== RIGHT.body; attempt++) {
      answer = Object(await network.get("ptp", EMAIL)).body;
    }
    assert.equal(answer, RIGHT.body);
    daemon.kill("SIGTERM");
    assert.equal((await daemon.status).code, 0);
  });
}
