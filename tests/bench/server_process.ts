import { fileURLToPath } from "node:url";
import { Dialogue } from "../e2e/dialogue.ts";
import { readV8Flags } from "./runtime_flags.ts";

/** A small server of this folder in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** Where it listens, at 127.0.0.1. */
  readonly port: number;
  /** Number of the process. */
  readonly pid: number;
  /** Tells it lines, if it takes any. */
  readonly dialogue: Dialogue;
}

/**
 * Starts one, with the flags of V8 that the image gives the program.
 *
 * @param file Its file in this folder; it takes JSON as its only argument, prints its port,
 * and serves until it is ended.
 * @param argument What it is told.
 * @param env Variables beside those of this process.
 */
export async function startServerProcess(
  file: string,
  argument?: unknown,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--quiet", ...await readV8Flags()],
      fileURLToPath(new URL(file, import.meta.url)),
      ...(argument === undefined ? [] : [JSON.stringify(argument)]),
    ],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const dialogue = new Dialogue(child);
  return {
    port: Number(await dialogue.hear()),
    pid: child.pid,
    dialogue,
    [Symbol.asyncDispose]: () => dialogue[Symbol.asyncDispose](),
  };
}
