import { run, type RunOptions } from "./run.ts";
import type { Load, LoadTool } from "./load.ts";
import { parseWrkOutput } from "./wrk_output.ts";

/** Finds wrk on this machine; `undefined` if it is not installed. */
export async function findWrk(): Promise<LoadTool | undefined> {
  const name = await versionOf();
  return name === undefined ? undefined : {
    name,
    run: async (load) => {
      const printed = await run("wrk", argsFor(load), limitsFor(load));
      return parseWrkOutput(printed, load);
    },
  };
}

async function versionOf(): Promise<string | undefined> {
  try {
    // It ends with 1, having printed how it is used.
    const { stdout } = await new Deno.Command("wrk", { args: ["--version"] })
      .output();
    const text = new TextDecoder().decode(stdout);
    const [, version = ""] = /^wrk (?:debian\/)?(\S+)/.exec(text) ?? [];
    return `wrk ${version}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function argsFor(load: Load): readonly string[] {
  const headers = load.isKeptAlive
    ? load.headers
    : { ...load.headers, "Connection": "close" };
  return [
    "--threads=1",
    `--connections=${load.connections}`,
    `--duration=${Math.ceil(load.seconds)}`,
    "--latency",
    ...Object.entries(headers).map(([name, value]) =>
      `--header=${name}: ${value}`
    ),
    `http://127.0.0.1:${load.port}${load.path}`,
  ];
}

/** wrk takes whole seconds only, but tells what it has when it is interrupted. */
function limitsFor({ seconds }: Load): RunOptions {
  return Number.isInteger(seconds) ? {} : { interruptAfterMs: seconds * 1_000 };
}
