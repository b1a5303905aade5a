import { fileURLToPath } from "node:url";
import { Dialogue } from "../e2e/dialogue.ts";

/** How much there is in an emulated cluster, besides the sandbox's own few. */
export interface NodeSize {
  /** Pods of the node, at the addresses of `podAddress`; all have one account. */
  readonly pods: number;
  /** Namespaces, each of which allows all accounts of the project. */
  readonly namespaces: number;
}

/** Emulators of all that the program talks to, in a process of their own. */
export interface EmulatedNode extends AsyncDisposable {
  /** Flags that make the program use them. */
  readonly flags: readonly string[];
  /** Tells the process commands, one a line, each of which it answers by one. */
  readonly dialogue: Dialogue;
}

/**
 * Starts the emulators, and waits until they listen.
 *
 * @param size How much there is.
 * @param within What to start them by, such as in a network namespace.
 */
export async function startEmulatedNode(
  { pods, namespaces }: NodeSize,
  within: readonly string[] = [],
): Promise<EmulatedNode> {
  const file = fileURLToPath(new URL("emulated_node.ts", import.meta.url));
  const [name = "", ...args] = [
    ...within,
    ...[Deno.execPath(), "run", "--allow-all", file],
    ...[`${pods}`, `${namespaces}`],
  ];
  const child = new Deno.Command(name, {
    args,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await using starting = new AsyncDisposableStack();
  const dialogue = starting.use(new Dialogue(child));
  const flags: readonly string[] = JSON.parse(await dialogue.hear());
  const stack = starting.move();
  return {
    flags,
    dialogue,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
