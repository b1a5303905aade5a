import type { Load, LoadTool } from "./load.ts";
import { readCpuSeconds } from "./process_cpu.ts";

/** One of several that bear the same load in turns. */
export interface Contender {
  /** What to call it in the progress. */
  readonly name: string;
  /** Number of its process. */
  readonly pid: number;
  /** What it is asked for. */
  readonly load: Omit<Load, "seconds">;
}

/** How one contender did in one round. */
export interface Turn {
  /** Requests that were answered in a second. */
  readonly requestsPerSecond: number;
  /** Median time to an answer, in milliseconds. */
  readonly p50Ms: number;
  /** Time that 99 % of the answers took at most, in milliseconds. */
  readonly p99Ms: number;
  /** Processor time of its process for each request, in microseconds. */
  readonly cpuMicros: number;
}

/** How the turns are taken. */
export interface TurnOptions {
  /** Makes the load. */
  readonly tool: LoadTool;
  /** How many turns each takes. */
  readonly rounds: number;
  /** How long each turn is. */
  readonly seconds: number;
}

/**
 * Lets contenders take turns, after each has warmed up.
 *
 * The order is turned around in every second round, so that none is always the first.
 *
 * @param contenders Who they are.
 * @param options How the turns are taken.
 * @returns The turns of each, in the order of the contenders; rounds in order.
 * @throws If an answer is not as it should be.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { tool, rounds, seconds }: TurnOptions,
): Promise<readonly (readonly Turn[])[]> {
  const warmUpSeconds = seconds / 2;
  for (const contender of contenders) {
    await takeTurn(contender, { tool, seconds: warmUpSeconds });
  }
  const indices = contenders.map((_, index) => index);
  const turns: Turn[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const index of round % 2 === 0 ? indices : indices.toReversed()) {
      const contender = contenders[index];
      if (contender === undefined) continue;
      turns[index]?.push(await takeTurn(contender, { tool, seconds }));
    }
  }
  return turns;
}

/**
 * Lets one contender bear its load once.
 *
 * @param contender Who it is.
 * @param options What makes the load, and for how long.
 * @throws If an answer is not as it should be.
 */
export async function takeTurn(
  { name, pid, load }: Contender,
  { tool, seconds }: Omit<TurnOptions, "rounds">,
): Promise<Turn> {
  const before = await readCpuSeconds(pid);
  try {
    const { requests, ...result } = await tool.run({ ...load, seconds });
    const cpuSeconds = await readCpuSeconds(pid) - before;
    return { ...result, cpuMicros: cpuSeconds / requests * 1e6 };
  } catch (cause) {
    throw new Error(`${name} does not answer as it should`, { cause });
  }
}
