import { run } from "./run.ts";

/** Address of the emulated node in its network. */
export const NODE_ADDRESS = "10.128.0.2";

/** Tools that keep the rules. */
export type RuleTool = "nftables" | "iptables";

/** A network namespace of a node whose rules may be written as on a real one. */
export interface NodeNamespace extends AsyncDisposable {
  /** What a command is started by to be in it. */
  readonly within: readonly string[];
  /** Variables that keep the tools from what they share with the machine. */
  readonly env: Readonly<Record<string, string>>;
}

/** Tells whether this process may make network namespaces, and rules in them. */
export async function mayMakeNamespaces(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const name = `bench-${crypto.randomUUID().slice(0, 6)}`;
  try {
    await run("ip", ["netns", "add", name]);
    try {
      const within = ["netns", "exec", name];
      await run("ip", [...within, "nft", "list", "ruleset"]);
      await run("ip", [...within, "iptables", "--list"]);
      await run("ip", [...within, "ip6tables", "--list"]);
    } finally {
      await run("ip", ["netns", "delete", name]);
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the namespace: loopback, an interface with the node's address, and one of pods.
 *
 * @param tool What is to keep the rules there; of iptables, the kind that uses nftables.
 * @throws If a tool fails; see {@linkcode mayMakeNamespaces}.
 */
export async function createNodeNamespace(
  tool: RuleTool,
): Promise<NodeNamespace> {
  await using making = new AsyncDisposableStack();
  const name = `bench-${crypto.randomUUID().slice(0, 6)}`;
  // iptables-legacy would lock out the machine's own.
  const lock = await Deno.makeTempFile({ prefix: "xtables" });
  making.defer(() => Deno.remove(lock));
  await run("ip", ["netns", "add", name]);
  making.defer(() => remove(name));
  for (
    const line of [
      "link set lo up",
      "link add eth0 type veth peer name up0",
      `addr add ${NODE_ADDRESS}/24 dev eth0`,
      "link set eth0 up",
      "link set up0 up",
      "link add cbr0 type bridge",
      "addr add 10.4.0.1/24 dev cbr0",
      "link set cbr0 up",
      "route add default via 10.128.0.1",
    ]
  ) await run("ip", ["-n", name, ...line.split(" ")]);
  if (tool === "iptables") {
    // By this the kubelet tells which kind of iptables the node uses.
    await run("ip", [
      ...["netns", "exec", name, "iptables-nft"],
      ..."-t mangle -N KUBE-IPTABLES-HINT".split(" "),
    ]);
  }
  const stack = making.move();
  return {
    within: ["ip", "netns", "exec", name],
    env: { XTABLES_LOCKFILE: lock },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Ends what runs in a namespace, for a program that was killed leaves `nft monitor` there. */
async function remove(name: string): Promise<void> {
  const pids = await run("ip", ["netns", "pids", name]);
  for (const pid of pids.split("\n").filter((line) => line !== "")) {
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await run("ip", ["netns", "delete", name]);
}
