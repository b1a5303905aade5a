import { InterceptionError } from "./interception_error.ts";
import type { RunCommand } from "./run_command.ts";

/** An interface of this node. */
export interface NodeInterface {
  /** Name, such as `eth0`. */
  readonly name: string;
  /** Its addresses; a port of a bridge has none as a rule. */
  readonly addresses: readonly string[];
  /** Bridge that it is a port of: what comes in by it counts as coming in by the bridge. */
  readonly bridge: string | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * Lists this node's interfaces.
 *
 * The runtime tells only of interfaces with an address and nothing of bridges;
 * `ip` tells the rest, where it is installed.
 *
 * @param addresses Every address of this node with the name of its interface.
 * @param runCommand Runs `ip`.
 * @returns One entry an interface.
 */
export async function listInterfaces(
  addresses: readonly { readonly name: string; readonly address: string }[],
  runCommand: RunCommand,
): Promise<readonly NodeInterface[]> {
  const links = new Map<string, string | undefined>();
  for (const { name } of addresses) links.set(withoutLabel(name), undefined);
  for (const { name, bridge } of await listLinks(runCommand)) {
    links.set(name, bridge);
  }
  return [...links].map(([name, bridge]) => ({
    name,
    addresses: addresses.filter((each) => withoutLabel(each.name) === name)
      .map(({ address }) => address),
    bridge,
  }));
}

/** An address can have a label, which some tools give for the interface's name. */
function withoutLabel(name: string): string {
  return name.replace(/:.*$/, "");
}

interface Link {
  readonly name: string;
  readonly bridge: string | undefined;
}

async function listLinks(runCommand: RunCommand): Promise<readonly Link[]> {
  try {
    const { code, stdout } = await runCommand(
      "ip",
      ["-details", "-json", "link", "show"],
      { timeoutMs: TIMEOUT_MS },
    );
    return code === 0 ? readLinks(stdout) : [];
  } catch (error) {
    if (error instanceof InterceptionError) return [];
    throw error;
  }
}

/** What {@linkcode readLinks} needs of what `ip` prints. */
interface PrintedLink {
  readonly ifname?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_slave_kind?: string };
}

function readLinks(stdout: string): readonly Link[] {
  const printed: readonly PrintedLink[] = JSON.parse(stdout);
  return printed.flatMap(({ ifname, master, linkinfo }) =>
    ifname === undefined ? [] : [{
      name: ifname,
      bridge: linkinfo?.info_slave_kind === "bridge" ? master : undefined,
    }]
  );
}
