import assert from "node:assert/strict";
import { buildImageProgram } from "../image_program.ts";
import { HOST_IP, METADATA } from "./guarded_node.ts";
import { Network } from "./network.ts";

const EMAIL =
  `http://${METADATA}/computeMetadata/v1/instance/service-accounts/default/email`;
const CAPABILITIES = "-all,+net_admin,+net_raw";
const PODS = [
  { space: "bridged", email: "app@demo-proj.iam.gserviceaccount.com" },
  { space: "ptp", email: "billing@demo-proj.iam.gserviceaccount.com" },
] as const;

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
    const program = await buildImageProgram(folder);
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
      ...Object.entries(program.env).map((each) => each.join("=")),
      program.command,
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
    for (const { space, email } of PODS) {
      const right = { status: 200, body: email };
      assert.deepEqual(await network.get(space, EMAIL), right);
    }
    // As `kubectl exec` runs it beside the daemon.
    const explained = await network.tryInNode(
      tool,
      ...args,
      ...["explain", "default/plain", config, ...flags],
      "--default-service-account=default",
    );
    assert.equal(explained.code, 0, explained.stderr);
    assert.match(
      explained.stdout,
      /\n {2}ALLOWED gke-node@demo-proj\..*\n {2}IAM lets gke-node@\S+ act as it\n/,
    );
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
        "controllers: RBAC: this account may not list deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs",
        "allow-lists: restrictions.mode is off",
        "Workload Identity of GKE: RBAC: this account may not get nodes",
        "daemons: no pod of the cluster has the label app.kubernetes.io/name=k8s-gke-service-account-assigner",
      ],
    );
    assert.equal(doctor.code, 0);
    // What other programs do is seen at once with these rights, too.
    await network.exec("node", "nft", "flush", "ruleset");
    let answer: unknown;
    for (let left = 50; left > 0 && answer !== PODS[1].email; left--) {
      answer = Object(await network.get("ptp", EMAIL)).body;
    }
    assert.equal(answer, PODS[1].email);
    daemon.kill("SIGTERM");
    assert.equal((await daemon.status).code, 0);
  });
}

Deno.test("the image's flags are enough to lint standard input, and no file elsewhere", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const elsewhere = await Deno.makeTempFile();
  stack.defer(() => Deno.remove(elsewhere));
  await Deno.writeTextFile(
    `${folder}/config.yaml`,
    "interception:\n  backend: nftables\n",
  );
  // The folder stands for /etc/saassigner, so that the program's own file can be read.
  const { command, env } = await buildImageProgram(folder);
  const child = new Deno.Command(command, {
    env,
    args: ["lint", "-", elsewhere, `--config=${folder}/config.yaml`],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(
    "{kind: Pod, apiVersion: v1, metadata: {annotations: {accounts.google.com/scopes: '!'}}}",
  ));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assert.equal(
    err,
    `${elsewhere}: cannot be read: this program was started without permission to read it\n`,
  );
  assert.match(
    out ?? "",
    /^<stdin>:1:82: error: .*\[scopes-malformed\]$/m,
  );
  assert.equal(code, 1);
});

Deno.test("the image's flags are enough for a kubeconfig, whose reader is loaded apart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { command, env } = await buildImageProgram(folder);
    const kubeconfig = `${folder}/kubeconfig`;
    await Deno.writeTextFile(
      kubeconfig,
      JSON.stringify({
        "current-context": "c",
        clusters: [{ name: "k", cluster: { server: "https://127.0.0.1:1" } }],
        contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
        users: [{ name: "u", user: { token: "t" } }],
      }),
    );
    const { stderr } = await new Deno.Command(command, {
      args: ["explain", "default/pod", `--kubeconfig=${kubeconfig}`],
      env,
    }).output();
    assert.match(
      new TextDecoder().decode(stderr),
      /^Cannot ask the API server https:\/\/127\.0\.0\.1:1: /,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
