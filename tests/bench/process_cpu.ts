/** Ticks of `/proc/PID/stat` in a second, which Linux has fixed for all that is read there. */
const TICKS_PER_SECOND = 100;

/**
 * Reads how much of a processor a process and those of its children that have ended and
 * been waited for have used since its start, user and system, in seconds.
 *
 * @param pid Its number.
 * @returns To a hundredth of a second.
 */
export async function readCpuSeconds(pid: number): Promise<number> {
  return parseCpuSeconds(await Deno.readTextFile(`/proc/${pid}/stat`));
}

/**
 * Takes the same out of the text of `/proc/PID/stat`.
 *
 * @param stat The one line; the name of the process in it may hold spaces and parentheses.
 * @throws If it is none.
 */
export function parseCpuSeconds(stat: string): number {
  // After the name: state is field 3, so that utime, stime, cutime and cstime are 14 to 17.
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 15)
    .map(Number);
  if (ticks.length < 4 || ticks.some(Number.isNaN)) {
    throw new Error(`No times in ${JSON.stringify(stat)}`);
  }
  return ticks.reduce((one, other) => one + other) / TICKS_PER_SECOND;
}
