import { parseCpuSeconds } from "./process_cpu.ts";

/**
 * Reads how much of a processor a process and all that it started have used, those that run
 * and those that have ended, in seconds.
 *
 * @param pid Its number.
 */
export async function readTreeCpuSeconds(pid: number): Promise<number> {
  const stats = new Map<number, string>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (/^\d+$/.test(name)) stats.set(Number(name), await readStat(name));
  }
  return sumTree(stats, pid);
}

/** Reads a process that may end meanwhile. */
async function readStat(name: string): Promise<string> {
  try {
    return await Deno.readTextFile(`/proc/${name}/stat`);
  } catch {
    return "";
  }
}

/**
 * Sums up the times of a process and those below it.
 *
 * @param stats Text of `/proc/PID/stat` of every process, empty if it is gone.
 * @param pid The process on top.
 * @returns Seconds.
 * @throws If that process is not there.
 */
export function sumTree(
  stats: ReadonlyMap<number, string>,
  pid: number,
): number {
  const own = parseCpuSeconds(stats.get(pid) ?? "");
  return [...stats]
    .filter(([, stat]) => stat !== "" && parentOf(stat) === pid)
    .reduce((sum, [child]) => sum + sumTree(stats, child), own);
}

/** The field after name and state. */
function parentOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
