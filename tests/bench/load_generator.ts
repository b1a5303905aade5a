import { fileURLToPath } from "node:url";
import type { LoadResult, LoadTool } from "./load.ts";
import type { GeneratorPlan } from "./load_generator_process.ts";
import { run } from "./run.ts";

const PROCESS = fileURLToPath(
  new URL("load_generator_process.ts", import.meta.url),
);

/**
 * Gives the suite's own generator, which makes less load than wrk but needs nothing
 * installed, and can come from many addresses.
 *
 * @param from Addresses that its connections come from in turn; this machine's choice if
 * empty.
 */
export function createLoadGenerator(from: readonly string[] = []): LoadTool {
  return {
    name: "the bundled generator",
    run: async (load) => {
      const plan: GeneratorPlan = { ...load, from };
      const result: LoadResult = JSON.parse(
        await run(Deno.execPath(), [
          ...["run", "--allow-all", PROCESS],
          JSON.stringify(plan),
        ]),
      );
      if (result.requests === 0) throw new Error("Nothing was answered");
      return result;
    },
  };
}
