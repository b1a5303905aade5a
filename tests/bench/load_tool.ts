import type { LoadTool } from "./load.ts";
import { createLoadGenerator } from "./load_generator.ts";
import { findWrk } from "./wrk.ts";

let chosen: Promise<LoadTool> | undefined;

/** Chooses what makes the load: wrk where it is installed, else the suite's own generator. */
export function chooseLoadTool(): Promise<LoadTool> {
  return chosen ??= findWrk().then((wrk) => wrk ?? createLoadGenerator());
}
