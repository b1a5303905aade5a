import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  createFollowCommand,
  type FollowCommand,
} from "../../src/interception/follow_command.ts";
import {
  type CommandResult,
  createRunCommand,
  type RunCommand,
} from "../../src/interception/run_command.ts";
import { Dialogue } from "./dialogue.ts";

const run = createRunCommand();
const follow = createFollowCommand();

/**
 * Network namespaces: a node, its pods on a bridge and on a ptp veth, and a host
 * outside that owns the metadata addresses and answers `NODE-SECRET`.
 */
export class Network implements AsyncDisposable {
  readonly #prefix = `sa${crypto.randomUUID().slice(0, 6)}`;
  /** The lock of iptables-legacy in the node. */
  readonly lockFile: string = Deno.makeTempFileSync({ prefix: "xtables" });
  readonly #processes: Deno.ChildProcess[] = [];
  readonly #dialogues: Dialogue[] = [];
  readonly #names = ["gce", "node", "bridged", "ptp"] as const;

  /** Makes the namespaces and starts the real metadata server in `gce`. */
  static async create(): Promise<Network> {
    const network = new Network();
    try {
      await network.#build();
      await network.serve("gce", "NODE-SECRET", "[::]:80");
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** File that stands for a namespace. */
  fileOf(space: Space): string {
    return `/run/netns/${this.#prefix}${space}`;
  }

  /** Runs commands in the namespace of the node, as the daemon does. */
  readonly runInNode: RunCommand = (command, args, options) =>
    run("ip", [...this.#enter("node"), command, ...args], options);

  /** Runs a command in the node's namespace; it may fail. */
  async tryInNode(
    ...command: readonly [string, ...string[]]
  ): Promise<CommandResult> {
    const [name, ...args] = command;
    return await this.runInNode(name, args, TIMEOUT);
  }

  /** Follows commands in the namespace of the node, as the daemon does. */
  readonly followInNode: FollowCommand = (command, args, options) =>
    follow("ip", [...this.#enter("node"), command, ...args], options);

  /** Runs a command in a namespace; it must succeed. */
  async exec(space: Space, ...command: string[]): Promise<string> {
    return await must([...this.#enter(space), ...command]);
  }

  /** Starts a server that answers its name and its caller's address. */
  async serve(space: Space, name: string, listen: string): Promise<void> {
    const [, hostname = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ??
      [];
    await this.start(space, "peer_server.ts", name, hostname, port);
  }

  /** Starts a script of this folder and waits until it says `listening` on standard error. */
  async start(
    space: Space,
    script: string,
    ...args: readonly string[]
  ): Promise<Deno.ChildProcess> {
    const command = [Deno.execPath(), "run", "--allow-all", pathOf(script)];
    return await this.spawn(space, [...command, ...args], "listening");
  }

  /** Starts a command and waits until it says something on standard error. */
  async spawn(
    space: Space,
    command: readonly string[],
    until: string,
  ): Promise<Deno.ChildProcess> {
    const child = new Deno.Command("ip", {
      args: [...this.#enter(space), ...command],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#processes.push(child);
    const decoder = new TextDecoder();
    let said = "";
    const reader = child.stderr.getReader();
    while (!said.includes(until)) {
      const { value, done } = await reader.read();
      assert.ok(!done, `${command.join(" ")} in ${space} ended: ${said}`);
      said += decoder.decode(value);
    }
    reader.releaseLock();
    return child;
  }

  /** Starts a script of this folder that is told lines, and answers by lines. */
  talk(space: Space, script: string, ...args: readonly string[]): Dialogue {
    return this.#talk([
      "ip",
      ...this.#enter(space),
      Deno.execPath(),
      "run",
      "--no-lock",
      "--allow-net",
      pathOf(script),
      ...args,
    ]);
  }

  /** Asks a URL as metadata clients do; its status and body, or `refused` and the like. */
  async get(space: Space, url: string): Promise<unknown> {
    const text = await this.exec(
      space,
      ...[Deno.execPath(), "run", "--no-lock", "--allow-net"],
      pathOf("metadata_probe.ts"),
      url,
    );
    return JSON.parse(text);
  }

  /** Asks the metadata address in a pod without pause, until told a line. */
  load(space: Space): Dialogue {
    return this.talk(space, "load_probe.ts", "169.254.169.254");
  }

  /** Holds the lock of iptables-legacy in the node, until it is disposed of. */
  async holdLock(): Promise<Dialogue> {
    const holder = this.#talk([
      ...["flock", this.lockFile],
      ...["sh", "-c", "echo held; exec cat"],
    ]);
    await holder.hear();
    return holder;
  }

  #talk([command = "", ...args]: readonly string[]): Dialogue {
    const child = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const dialogue = new Dialogue(child);
    this.#dialogues.push(dialogue);
    return dialogue;
  }

  /** Asks `http://host/`, one new connection each time; the different answers, sorted. */
  async ask(
    space: Space,
    host: string,
    times = 1,
  ): Promise<readonly string[]> {
    const text = await this.exec(
      space,
      Deno.execPath(),
      "run",
      "--no-lock",
      "--allow-net",
      pathOf("ask_probe.ts"),
      `http://${host}/`,
      String(times),
    );
    return JSON.parse(text);
  }

  async #build(): Promise<void> {
    const [gce, node, bridged, ptp] = this.#names.map((name) =>
      `${this.#prefix}${name}`
    );
    for (const space of this.#names) {
      await must(["netns", "add", `${this.#prefix}${space}`]);
      // Or else a new IPv6 address is silent for a second or two.
      const dad =
        "net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0";
      await this.exec(space, "sysctl", "-q", "-w", ...dad.split(" "));
    }
    const lines = `
      -n ${gce} link set lo up
      -n ${node} link set lo up
      -n ${bridged} link set lo up
      -n ${ptp} link set lo up
      -n ${gce} link add up0 type veth peer name eth0 netns ${node}
      -n ${node} link add cbr0 type bridge
      -n ${node} link add veth1 type veth peer name eth0 netns ${bridged}
      -n ${node} link add gke1 type veth peer name eth0 netns ${ptp}
      -n ${node} link set veth1 master cbr0
      -n ${gce} addr add 169.254.169.254/32 dev lo
      -n ${gce} addr add fd20:ce::254/128 dev lo nodad
      -n ${gce} addr add 10.128.0.1/24 dev up0
      -n ${gce} addr add fd00:128::1/64 dev up0 nodad
      -n ${node} addr add 10.128.0.2/24 dev eth0
      -n ${node} addr add fd00:128::2/64 dev eth0 nodad
      -n ${node} addr add 10.4.0.1/24 dev cbr0
      -n ${node} addr add fd00:4::1/64 dev cbr0 nodad
      -n ${node} addr add 10.5.0.1/32 dev gke1
      -n ${node} addr add fd00:5::1/128 dev gke1 nodad
      -n ${bridged} addr add 10.4.0.11/24 dev eth0
      -n ${bridged} addr add fd00:4::11/64 dev eth0 nodad
      -n ${ptp} addr add 10.5.0.11/32 dev eth0
      -n ${ptp} addr add fd00:5::11/128 dev eth0 nodad
      -n ${gce} link set up0 up
      -n ${node} link set eth0 up
      -n ${node} link set cbr0 up
      -n ${node} link set veth1 up
      -n ${node} link set gke1 up
      -n ${bridged} link set eth0 up
      -n ${ptp} link set eth0 up
      -n ${gce} route add 10.4.0.0/15 via 10.128.0.2
      -n ${gce} route add fd00:4::/31 via fd00:128::2
      -n ${node} route add default via 10.128.0.1
      -n ${node} route add default via fd00:128::1
      -n ${node} route add 10.5.0.11/32 dev gke1
      -n ${node} route add fd00:5::11/128 dev gke1
      -n ${bridged} route add default via 10.4.0.1
      -n ${bridged} route add default via fd00:4::1
      -n ${ptp} route add 10.5.0.1/32 dev eth0
      -n ${ptp} route add default via 10.5.0.1
      -n ${ptp} route add fd00:5::1/128 dev eth0
      -n ${ptp} route add default via fd00:5::1`;
    for (const line of lines.trim().split("\n")) {
      await must(line.trim().split(" "));
    }
    const forward = "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1";
    await this.exec("node", "sysctl", "-q", "-w", ...forward.split(" "));
    // Without another user of connection tracking, removing our redirect would
    // switch it off and reset connections, which no real node does.
    await this.exec(
      "node",
      ..."nft add table inet other".split(" "),
    );
    await this.exec(
      "node",
      "nft",
      "add chain inet other forward { type filter hook forward priority 0 ; } ; add rule inet other forward ct state established accept",
    );
  }

  #enter(space: Space): string[] {
    return [
      "netns",
      "exec",
      `${this.#prefix}${space}`,
      "env",
      `XTABLES_LOCKFILE=${this.lockFile}`,
    ];
  }

  /** Ends the processes, removes the namespaces, and checks that none is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const dialogue of this.#dialogues) {
      await dialogue[Symbol.asyncDispose]();
    }
    for (const child of this.#processes) {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // A test may have ended it already.
        if (!(error instanceof TypeError)) throw error;
      }
      await child.stderr.cancel();
      await child.status;
    }
    for (const name of this.#names) {
      const space = `${this.#prefix}${name}`;
      const left = await listProcesses(space);
      await run("ip", ["netns", "del", space], TIMEOUT);
      assert.deepEqual(left, [], `processes are left in ${space}`);
    }
    await Deno.remove(this.lockFile);
    const spaces = await must(["netns", "list"]);
    assert.ok(!spaces.includes(this.#prefix), `namespaces are left: ${spaces}`);
  }
}

/** One of the namespaces. */
export type Space = "gce" | "node" | "bridged" | "ptp";

/** Lists what runs in a namespace, without what a killed daemon leaves for the next change to end. */
async function listProcesses(space: string): Promise<readonly string[]> {
  const { stdout } = await run("ip", ["netns", "pids", space], TIMEOUT);
  const left: string[] = [];
  for (const pid of stdout.split("\n").filter((line) => line !== "")) {
    const command = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    if (command.endsWith("nft\0monitor\0")) Deno.kill(Number(pid), "SIGKILL");
    else left.push(command);
  }
  return left;
}

const TIMEOUT = { timeoutMs: 30_000 };

async function must(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("ip", args, TIMEOUT);
  assert.equal(code, 0, `ip ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
