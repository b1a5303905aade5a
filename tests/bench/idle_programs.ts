import type { NodeSize } from "./emulated_node_process.ts";
import { startEmulatedNode } from "./emulated_node_process.ts";
import { type ProcessMemory, readMemory } from "./process_memory.ts";
import { startProgram } from "./running_program.ts";
import type { Setup } from "./scenario.ts";
import { sleep } from "./sleep.ts";

/** What is done ahead after the start has ended by then; later, nothing changes. */
export const SETTLING_MS = 5_000;

/** What programs are like that nobody asks anything. */
export interface IdleFindings {
  /** From the start to ready, in milliseconds, of each. */
  readonly readyMs: readonly number[];
  /** When all that is done ahead is done, of each. */
  readonly memory: readonly ProcessMemory[];
}

/**
 * Starts a program for each round, one after another, which all follow the same emulated
 * node; and looks at their memory when each has settled.
 *
 * @param setup Program and number of rounds.
 * @param size How much there is in the emulated cluster.
 */
export async function measureIdle(
  { program, rounds, isShort }: Setup,
  size: NodeSize,
): Promise<IdleFindings> {
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await startEmulatedNode(size));
  const readyMs: number[] = [];
  const pids: number[] = [];
  while (readyMs.length < rounds) {
    const running = stack.use(await startProgram(program, node));
    readyMs.push(running.readyMs);
    pids.push(running.pid);
  }
  await sleep(isShort ? SETTLING_MS / 10 : SETTLING_MS);
  return { readyMs, memory: await Promise.all(pids.map(readMemory)) };
}
