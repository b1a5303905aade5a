import { fileURLToPath } from "node:url";

/**
 * Runs a script of this folder that collects garbage and prints what it finds as JSON, in a
 * process of its own so that nothing else is in its heap.
 *
 * @typeParam T What the script prints.
 * @param script Name of the file.
 * @param args Numbers that it is given.
 * @throws If it fails.
 */
export async function runHeapProcess<T>(
  script: string,
  ...args: readonly number[]
): Promise<T> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--v8-flags=--expose-gc", file],
      ...args.map(String),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${script} fails`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
