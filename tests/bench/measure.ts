/**
 * Measures the program as the image runs it: how much memory it takes, and how soon it is
 * ready. It prints what it finds, and fails only if the program does.
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { buildImageProgram, type ImageProgram } from "../image_program.ts";
import { askSteadily } from "./pod_load.ts";
import {
  forgetPeak,
  type ProcessMemory,
  readMemory,
} from "./process_memory.ts";
import { startProgramOnNode } from "./running_program.ts";
import { sleep } from "./sleep.ts";

/** What is measured, as it can be chosen on the command line. */
interface Plan {
  readonly pods: number;
  readonly namespaces: number;
  readonly requestsPerSecond: number;
  /** How long these are made. */
  readonly seconds: number;
  /** How often everything is done; medians are printed. */
  readonly runs: number;
}

/** What one run found. */
interface Findings {
  /** From the start to ready, in milliseconds. */
  readonly readyMs: number;
  /** With nothing to do. */
  readonly idle: ProcessMemory;
  /** At the end of the requests. */
  readonly busy: ProcessMemory;
  /** With nothing to do again. */
  readonly after: ProcessMemory;
}

/** What is done ahead after the start has ended by then; later, nothing changes. */
const SETTLING_MS = 5_000;

function readPlan(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pods: { type: "string", default: "110" },
      namespaces: { type: "string", default: "1000" },
      rate: { type: "string", default: "500" },
      seconds: { type: "string", default: "20" },
      runs: { type: "string", default: "1" },
    },
  });
  return {
    pods: Number(values.pods),
    namespaces: Number(values.namespaces),
    requestsPerSecond: Number(values.rate),
    seconds: Number(values.seconds),
    runs: Number(values.runs),
  };
}

async function measure(program: ImageProgram, plan: Plan): Promise<Findings> {
  await using daemon = await startProgramOnNode(program, plan);
  const { readyMs, port, pid } = daemon;
  await sleep(SETTLING_MS);
  const idle = await readMemory(pid);
  await forgetPeak(pid);
  await askSteadily({ ...plan, port });
  const busy = await readMemory(pid);
  await sleep(SETTLING_MS);
  const after = await readMemory(pid);
  return { readyMs, idle, busy, after };
}

/** Writes the medians of all runs as a table. */
function format(
  plan: Plan,
  runs: readonly Findings[],
  bundleBytes: number,
): string {
  const row = (name: string, ...cells: readonly (number | string)[]): string =>
    name.padEnd(24) +
    cells.map((cell) =>
      (typeof cell === "number" ? cell.toFixed(0) : cell).padStart(12)
    ).join("");
  const memory = (
    name: string,
    read: (run: Findings) => ProcessMemory,
  ): string => {
    const seen = runs.map(read);
    return row(
      name,
      median(seen.map(({ rss }) => rss)),
      median(seen.map(({ anonymous }) => anonymous)),
      median(seen.map(({ peak }) => peak)),
    );
  };
  return [
    `${plan.pods} pods, ${plan.namespaces} namespaces, medians of ${runs.length}`,
    row("bundle, KiB", bundleBytes / 1024),
    row("start to ready, ms", median(runs.map(({ readyMs }) => readyMs))),
    row("MiB", "RSS", "no file's", "RSS at most"),
    memory("idle", ({ idle }) => idle),
    memory(`${plan.requestsPerSecond} requests/s`, ({ busy }) => busy),
    memory("idle again", ({ after }) => after),
  ].join("\n");
}

/** Size of all files in a folder, in bytes. */
async function sizeOf(folder: string): Promise<number> {
  const sizes = await Array.fromAsync(
    Deno.readDir(folder),
    async ({ name }) => (await Deno.stat(`${folder}/${name}`)).size,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

if (import.meta.main) {
  const plan = readPlan(Deno.args);
  const folder = await Deno.makeTempDir();
  try {
    const program = await buildImageProgram(folder);
    const runs: Findings[] = [];
    while (runs.length < plan.runs) runs.push(await measure(program, plan));
    const size = await sizeOf(dirname(program.command));
    await Deno.stdout.write(
      new TextEncoder().encode(`${format(plan, runs, size)}\n`),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
