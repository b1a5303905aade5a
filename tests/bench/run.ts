/** How {@linkcode run} goes on. */
export interface RunOptions {
  /** When to interrupt the command so that it comes to its end, in milliseconds. */
  readonly interruptAfterMs?: number;
}

/**
 * Runs a command to its end.
 *
 * @param command Name or path.
 * @param args Its arguments.
 * @param options Whether to interrupt it.
 * @returns Its standard output.
 * @throws If it fails, with what it printed.
 */
export async function run(
  command: string,
  args: readonly string[],
  { interruptAfterMs }: RunOptions = {},
): Promise<string> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = interruptAfterMs === undefined
    ? undefined
    : setTimeout(() => child.kill("SIGINT"), interruptAfterMs);
  const { success, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  if (!success) throw new Error(`${command} fails: ${err}${out}`);
  return out;
}
