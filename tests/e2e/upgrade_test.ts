import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { CommandResult } from "../../src/interception/run_command.ts";
import { HOST_IP, METADATA, PODS } from "./guarded_node.ts";
import { Network } from "./network.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Account of each pod, in the order of {@linkcode PODS}. */
const ACCOUNTS = [
  "app@demo-proj.iam.gserviceaccount.com",
  "billing@demo-proj.iam.gserviceaccount.com",
] as const;
const ACCOUNT = ACCOUNTS[1];
const EMAIL =
  `http://${METADATA}/computeMetadata/v1/instance/service-accounts/default/email`;
/** Time of the whole upgrade, and back, under load. */
const LOAD_MS = 10_000;

/** A node whose pods ask all the time, and daemons that follow each other. */
class UpgradedNode implements AsyncDisposable {
  readonly network: Network;
  readonly #folder: string;
  readonly #flags: readonly string[];
  #count = 0;

  private constructor(
    network: Network,
    { folder, flags }: {
      readonly folder: string;
      readonly flags: readonly string[];
    },
  ) {
    this.network = network;
    this.#folder = folder;
    this.#flags = flags;
  }

  static async create(backend: string): Promise<UpgradedNode> {
    const network = await Network.create();
    const folder = await Deno.makeTempDir();
    const file = `${folder}/flags.json`;
    const podIPs = PODS.map(({ ip }) => ip);
    await network.start("node", "sandbox_in_node.ts", file, ...podIPs);
    const flags = JSON.parse(await Deno.readTextFile(file));
    return new UpgradedNode(network, {
      folder,
      flags: [
        ...flags,
        `--interception-backend=${backend}`,
        `--host-ip=${HOST_IP}`,
        "--node=sandbox-node",
      ],
    });
  }

  /** Starts a daemon, as the kubelet starts the next pod; with other flags, if need be. */
  async start(...others: readonly string[]): Promise<UpgradedDaemon> {
    const socket = `${this.#folder}/${this.#count++}.sock`;
    const given = [...others, `--admin-socket=${socket}`];
    const names = given.map(nameOf);
    const flags = [
      ...this.#flags.filter((flag) => !names.includes(nameOf(flag))),
      ...given,
    ];
    const run = [Deno.execPath(), "run", "--quiet", "--allow-all", MAIN];
    const process = await this.network.spawn(
      "node",
      [...run, ...flags],
      "Starting",
    );
    const ready = (...wait: readonly string[]): Promise<CommandResult> =>
      this.network.tryInNode("env", ...run, "ready", ...wait, ...flags);
    return { process, ready };
  }

  /** Starts a daemon and waits until its startup probe succeeds. */
  async startReady(
    port: number,
    ...others: readonly string[]
  ): Promise<UpgradedDaemon> {
    const daemon = await this.start(...others);
    const { code, stdout, stderr } = await daemon.ready("--wait=20s");
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`redirect to port ${port}\\n`));
    return daemon;
  }

  /** Asks in a pod until the answer is right, at most for so long. */
  async askUntilRight(maxMs: number): Promise<void> {
    const endMs = Date.now() + maxMs;
    let answer: unknown;
    do {
      answer = await this.network.get("ptp", EMAIL);
      assert.ok(answer === "refused" || Object(answer).body === ACCOUNT);
    } while (answer === "refused" && Date.now() < endMs);
    assert.deepEqual(answer, { status: 200, body: ACCOUNT });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function nameOf(flag: string): string {
  return flag.replace(/=.*/, "");
}

interface UpgradedDaemon {
  readonly process: Deno.ChildProcess;
  readonly ready: (...wait: readonly string[]) => Promise<CommandResult>;
}

async function stop({ process }: UpgradedDaemon): Promise<void> {
  process.kill("SIGTERM");
  assert.equal((await process.status).code, 0);
}

for (const backend of ["iptables", "nftables"]) {
  Deno.test(`with ${backend}, a rolling upgrade and the way back lose no request`, async () => {
    await using node = await UpgradedNode.create(backend);
    const { network } = node;
    const first = await node.startReady(8181);
    const endMs = Date.now() + LOAD_MS;
    const loads = PODS.map(({ space }) => ({
      anew: network.load(space),
      kept: network.talk(space, "kept_alive_probe.ts"),
    }));
    const second = await node.startReady(8183);
    await stop(first);
    await node.startReady(8181);
    await stop(second);
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, endMs - Date.now()))
    );
    for (const [index, { anew, kept }] of loads.entries()) {
      const account = ACCOUNTS[index] ?? "";
      const { [account]: right = 0, ...others } = JSON.parse(await anew.ask());
      assert.deepEqual(others, {});
      assert.ok(right > 500, `${right} on new connections`);
      const { answers, connections } = JSON.parse(await kept.ask());
      const { [account]: rightKept = 0, ...othersKept } = answers;
      assert.deepEqual(othersKept, {});
      assert.ok(rightKept > 500, `${rightKept} on kept-alive connections`);
      // Four with each daemon; and they were kept indeed.
      assert.ok(connections >= 12, `${connections} connections`);
      assert.ok(connections < rightKept / 10, `${connections} connections`);
    }
    // The port that probes and metrics know has gone with it.
    assert.match(
      String(
        Object(
          await network.get("node", "http://127.0.0.1:8182/readyz?verbose"),
        ).body,
      ),
      /redirect to port 8181/,
    );
  });
}

for (const backend of ["iptables", "nftables"]) {
  Deno.test(`with ${backend}, a daemon that is not ready leaves pods to the one before`, async () => {
    await using node = await UpgradedNode.create(backend);
    const first = await node.startReady(8181);
    const second = await node.start("--api-server=http://127.0.0.1:1");
    const { code, stderr } = await second.ready("--wait=1s");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /interception failed: another daemon of this node has pods' requests still, on port 8181/,
    );
    assert.deepEqual(await node.network.get("ptp", EMAIL), {
      status: 200,
      body: ACCOUNT,
    });
    // Without the first one there is nothing to wait for.
    await stop(first);
    const { stderr: after } = await second.ready("--wait=1s");
    assert.match(after, /interception ok: guard all, redirect to port 8183/);
  });

  Deno.test(`with ${backend}, a daemon has pods back if the one after it dies`, async () => {
    await using node = await UpgradedNode.create(backend);
    await node.startReady(8181);
    const second = await node.startReady(8183);
    second.process.kill("SIGKILL");
    await second.process.status;
    await node.askUntilRight(5_000);
  });
}

/** Asks in both pods while something is done, and tells what each was answered, and how often. */
async function underLoad(
  { network }: UpgradedNode,
  work: () => Promise<void>,
): Promise<void> {
  const loads = PODS.map(({ space }) => network.load(space));
  await work();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const [index, load] of loads.entries()) {
    const { [ACCOUNTS[index] ?? ""]: right = 0, ...others } = JSON.parse(
      await load.ask(),
    );
    assert.deepEqual(others, {});
    assert.ok(right > 100, `${right} on new connections`);
  }
}

for (const backend of ["iptables", "nftables"]) {
  Deno.test(`with ${backend}, an upgrade that is undone loses no request`, async () => {
    await using node = await UpgradedNode.create(backend);
    await node.startReady(8181);
    const second = await node.startReady(8183);
    await underLoad(node, () => stop(second));
    await node.askUntilRight(0);
  });

  Deno.test(`with ${backend}, a daemon without credentials leaves pods to the one before`, async () => {
    await using node = await UpgradedNode.create(backend);
    await node.startReady(8181);
    const second = await node.start(
      "--metadata-addr=127.0.0.1:1",
      "--default-service-account=default",
    );
    const { code, stderr } = await second.ready("--wait=2s");
    assert.equal(code, 1);
    assert.match(stderr, /pods' requests still, on port 8181/);
    await underLoad(node, () => stop(second));
  });
}

const CHANGES = [
  { before: "iptables", after: "nftables", first: 8181 },
  { before: "nftables", after: "iptables", first: 8181 },
  { before: "nftables", after: "iptables", first: 8183 },
] as const;

for (const { before, after, first } of CHANGES) {
  Deno.test(`an upgrade from ${before} on ${first} to ${after} ends with ${after} alone`, async () => {
    await using node = await UpgradedNode.create(before);
    let elder = await node.startReady(8181);
    if (first === 8183) {
      const next = await node.startReady(8183);
      await stop(elder);
      elder = next;
    }
    // Nothing tells of changes, so that the elder restores its rules late.
    const second = await node.startReady(
      first === 8181 ? 8183 : 8181,
      `--interception-backend=${after}`,
      "--no-interception-watch-rules",
    );
    await stop(elder);
    await node.askUntilRight(5_000);
    // Whatever is left of the elder's would come first, or come back.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal((await second.ready()).code, 0);
    await node.askUntilRight(0);
    await stop(second);
    assert.equal(await node.network.get("ptp", EMAIL), "refused");
  });
}

Deno.test("a third daemon waits until the first has ended", async () => {
  await using node = await UpgradedNode.create("nftables");
  const first = await node.startReady(8181);
  await node.startReady(8183);
  const third = await node.start();
  assert.equal((await third.ready("--wait=1s")).code, 1);
  await stop(first);
  const { code, stdout } = await third.ready("--wait=20s");
  assert.equal(code, 0);
  assert.match(stdout, /redirect to port 8181\n/);
});

Deno.test("what only listens is no daemon that pods are left to", async () => {
  await using node = await UpgradedNode.create("nftables");
  const { network } = node;
  await node.startReady(8181);
  const second = await node.startReady(8183);
  second.process.kill("SIGKILL");
  await second.process.status;
  await network.serve("node", "FOREIGN", `${HOST_IP}:8183`);
  // Those that it had in the first second are lost; its answer is no account's.
  const endMs = Date.now() + 5_000;
  while (Date.now() < endMs) {
    const { body } = Object(await network.get("ptp", EMAIL));
    if (body === ACCOUNT) return;
  }
  assert.fail("The pod is still led to the other program");
});
