/** Memory of a process, in MiB. */
export interface ProcessMemory {
  /** Resident set: {@linkcode anonymous}, and pages of files such as the runtime's binary. */
  readonly rss: number;
  /** Pages that no file backs; these cannot be shared or dropped. */
  readonly anonymous: number;
  /** Largest resident set since {@linkcode forgetPeak}, or the start. */
  readonly peak: number;
}

/**
 * Reads the memory of a process.
 *
 * @param pid Its number.
 */
export async function readMemory(pid: number): Promise<ProcessMemory> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const mib = (name: string): number => {
    const [, kib] = new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status) ??
      [];
    if (kib === undefined) throw new Error(`No ${name} of process ${pid}`);
    return Number(kib) / 1024;
  };
  return { rss: mib("VmRSS"), anonymous: mib("RssAnon"), peak: mib("VmHWM") };
}

/**
 * Makes the peak of a process begin anew.
 *
 * @param pid Its number.
 */
export async function forgetPeak(pid: number): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}
