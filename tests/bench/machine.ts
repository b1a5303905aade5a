import { availableParallelism, cpus } from "node:os";

/** What a figure was measured with, without which it tells nothing. */
export interface Machine {
  /** Model of the processor. */
  readonly cpu: string;
  /** How many cores there are for everything: program, emulators and load. */
  readonly cores: number;
  /** Version of Deno. */
  readonly deno: string;
  /** What makes the load, with its version. */
  readonly load: string;
  /** Day of the measuring, `2026-01-31`. */
  readonly date: string;
}

/**
 * Tells what this machine is.
 *
 * @param load What makes the load.
 */
export function describeMachine(load: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown processor",
    cores: availableParallelism(),
    deno: Deno.version.deno,
    load,
    date: new Date().toISOString().slice(0, 10),
  };
}

/**
 * Writes it as one line.
 *
 * @param machine What the machine is.
 */
export function formatMachine(machine: Machine): string {
  const { cpu, cores, deno, load, date } = machine;
  return `${cpu}, ${cores} cores, Deno ${deno}, ${load}, ${date}.`;
}
