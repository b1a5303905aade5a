import type { ImageProgram } from "../image_program.ts";
import {
  type EmulatedNode,
  type NodeSize,
  startEmulatedNode,
} from "./emulated_node_process.ts";
import { freePort } from "./free_port.ts";
import { untilReady } from "./until_ready.ts";

/** How a program is started besides what is needed to reach the emulators. */
export interface ProgramOptions {
  /** Further flags; the last of a name counts. */
  readonly flags?: readonly string[];
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it is started by, such as in a network namespace; must become the program itself. */
  readonly within?: readonly string[];
}

/** The bundled program as the image runs it, in a process of its own. */
export interface RunningProgram extends AsyncDisposable {
  /** Where pods ask, at 127.0.0.1. */
  readonly port: number;
  /** Where health and metrics are, at 127.0.0.1. */
  readonly adminPort: number;
  /** Number of the process. */
  readonly pid: number;
  /** When it was started, as `performance.now()` tells time. */
  readonly startedMs: number;
  /** From the start to ready, in milliseconds. */
  readonly readyMs: number;
}

/** A program with the emulators that it uses; both end together. */
export interface ProgramOnNode extends RunningProgram {
  /** The emulators. */
  readonly node: EmulatedNode;
}

/**
 * Starts emulators and the program that uses them, and waits until it is ready.
 *
 * @param program The bundled program.
 * @param size How much there is in the emulated cluster.
 * @param options Further flags and variables.
 * @throws If it ends, or does not become ready within ten seconds.
 */
export async function startProgramOnNode(
  program: ImageProgram,
  size: NodeSize,
  options: ProgramOptions = {},
): Promise<ProgramOnNode> {
  await using starting = new AsyncDisposableStack();
  const node = starting.use(await startEmulatedNode(size));
  const running = starting.use(await startProgram(program, node, options));
  const stack = starting.move();
  return {
    ...running,
    node,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Starts the program against emulators that run, and waits until it is ready.
 *
 * @param program The bundled program.
 * @param node The emulators.
 * @param options Further flags and variables.
 * @throws If it ends, or does not become ready within ten seconds.
 */
export async function startProgram(
  program: ImageProgram,
  node: EmulatedNode,
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  await using starting = new AsyncDisposableStack();
  const spawned = starting.use(await spawnProgram(program, node, options));
  await untilReady(spawned.adminPort, spawned.hasEnded);
  const readyMs = performance.now() - spawned.startedMs;
  const stack = starting.move();
  return {
    ...spawned,
    readyMs,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Starts the program against emulators that run, and waits for nothing.
 *
 * @param program The bundled program.
 * @param node The emulators.
 * @param options Further flags and variables.
 */
export async function spawnProgram(
  program: ImageProgram,
  node: EmulatedNode,
  { flags = [], env = {}, within = [] }: ProgramOptions = {},
): Promise<SpawnedProgram> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const startedMs = performance.now();
  const [command = "", ...args] = [...within, program.command];
  const child = new Deno.Command(command, {
    args: [
      ...args,
      ...node.flags,
      "--app-address=127.0.0.1",
      `--app-port=${port}`,
      `--admin-port=${adminPort}`,
      "--interception-backend=none",
      "--namespace-restrictions",
      ...flags,
    ],
    env: { ...program.env, ...env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  return {
    port,
    adminPort,
    pid: child.pid,
    startedMs,
    hasEnded: () => hasEnded,
    [Symbol.asyncDispose]: async () => {
      if (!hasEnded) child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** A program that was started, which may not be ready yet. */
export interface SpawnedProgram extends Omit<RunningProgram, "readyMs"> {
  /** Tells whether it has ended by itself. */
  readonly hasEnded: () => boolean;
}
