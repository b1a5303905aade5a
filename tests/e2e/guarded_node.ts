import type {
  WantedInterception,
  WantedRedirect,
} from "../../src/interception/family_rules.ts";
import { Interception } from "../../src/interception/interception.ts";
import { createIptables } from "../../src/interception/iptables.ts";
import { createNftables } from "../../src/interception/nftables.ts";
import {
  type InterceptionSettings,
  NodeInterception,
} from "../../src/interception/node_interception.ts";
import { systemClock } from "../../src/cli/system_clock.ts";
import type { LogFields } from "../../src/telemetry/log.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { Network } from "./network.ts";

/** Address of the node in the network of nodes. */
export const HOST_IP = "10.128.0.2";
/** Metadata server's address. */
export const METADATA = "169.254.169.254";
/** Its IPv6 address, as it stands in a URL. */
export const METADATA_IPV6 = "[fd20:ce::254]";
/** The pods of the node: one on a bridge, one on a veth of its own. */
export const PODS = [
  { space: "bridged", ip: "10.4.0.11", ipv6: "fd00:4::11" },
  { space: "ptp", ip: "10.5.0.11", ipv6: "fd00:5::11" },
] as const;
/** What each pod is answered by the daemon that stands in for ours. */
export const RIGHT: readonly string[] = PODS.map(({ ip }) => `DAEMON ${ip}`);
/** What each pod is answered where nothing is. */
export const REFUSED: readonly string[] = PODS.map(() => "refused");

/** Tools that can set the rules. */
export const KINDS = ["iptables-nft", "iptables-legacy", "nftables"] as const;
/** One of them. */
export type Kind = typeof KINDS[number];

/** Where the daemon listens. */
export const LISTENER = {
  address: "0.0.0.0",
  port: 8181,
  otherPort: 8183,
} as const;
/** What an operator configures for that. */
export const SETTINGS: InterceptionSettings = {
  hostIP: HOST_IP,
  interfaces: [],
  guard: "all",
  connectionsPerPod: 256,
  refuseDirect: false,
};
/** The redirect that comes of it. */
export const REDIRECT: WantedRedirect = {
  hostIP: HOST_IP,
  match: { kind: "not", name: "eth0" },
  listener: LISTENER,
  connectionsPerPod: 256,
  refuseDirect: false,
};
/** What most tests want. */
export const WANTED: WantedInterception = { guard: "all", redirect: REDIRECT };

/** What {@linkcode Interception} logged. */
export interface Line {
  readonly level: string;
  readonly fields: LogFields;
}

/** A network whose node's rules are kept by one of the tools, with time that tests move. */
export class GuardedNode implements AsyncDisposable {
  readonly network: Network;
  readonly interception: Interception;
  readonly lines: Line[] = [];
  readonly #time = new ManualTime();
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  private constructor(network: Network, kind: Kind) {
    this.network = network;
    this.interception = new Interception({
      backend: kind === "nftables"
        ? createNftables(network.runInNode)
        : createIptables(network.runInNode),
      address: METADATA,
      ipv6Address: "fd20:ce::254",
      clock: clockOf(this.#time),
      log: (level, _message, fields = {}) => this.lines.push({ level, fields }),
      isServed: () => false,
    });
    this.#running = this.interception.run(() => 10_000, this.#ending.signal);
  }

  /** Makes the network; no rules are set yet. */
  static async create(kind: Kind): Promise<GuardedNode> {
    return new GuardedNode(await createNode(kind), kind);
  }

  /** Asks in both pods; what each was answered, or both if it differed. */
  async askAll(host: string, times = 20): Promise<readonly string[]> {
    const answers = await Promise.all(
      PODS.map(({ space }) => this.network.ask(space, host, times)),
    );
    return answers.flat();
  }

  /** Runs a command line in the node; it must succeed. */
  async inNode(command: string): Promise<string> {
    return await this.network.exec("node", ...command.split(" "));
  }

  /** Lets the interval go by, and waits for the check. */
  async check(): Promise<void> {
    await this.#time.asleep(1);
    this.#time.advance(10_000);
    await this.#time.asleep(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.network[Symbol.asyncDispose]();
  }
}

/** Makes a network whose node uses a kind of tool, as the kubelet's chains say. */
export async function createNode(kind: Kind): Promise<Network> {
  const network = await Network.create();
  if (kind !== "nftables") {
    const hint = `${kind} -w 5 -t mangle -N KUBE-IPTABLES-HINT`;
    await network.exec("node", ...hint.split(" "));
  }
  return network;
}

/** Keeps a node's rules in real time, with events. */
export function watchedInterception(
  network: Network,
  kind: Kind,
): NodeInterception {
  return new NodeInterception({
    backend: kind === "nftables" ? "nftables" : "iptables",
    address: METADATA,
    ipv6Address: "fd20:ce::254",
    runCommand: network.runInNode,
    followCommand: network.followInNode,
    ownAddresses: () => [{ name: "eth0", address: HOST_IP }],
    clock: systemClock,
    log: () => {},
  });
}
