import { InterceptionError } from "./interception_error.ts";

/**
 * Starts a command of this machine, with its output piped.
 *
 * @param command Name of the binary, looked up in PATH.
 * @param args Arguments; no shell sees them.
 * @param stdin Whether something is written to its standard input.
 * @throws {InterceptionError} If the command is missing or may not be run.
 */
export function startCommand(
  command: string,
  args: readonly string[],
  stdin: "null" | "piped",
): Deno.ChildProcess {
  try {
    return new Deno.Command(command, {
      args: [...args],
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "is not installed, or not in PATH"
      : cause instanceof Deno.errors.NotCapable
      ? "may not be run: it is not among the commands of --allow-run"
      : "cannot be started";
    throw new InterceptionError(`${command} ${reason}`, { cause });
  }
}

/**
 * Ends a command at once, if it has not ended by itself.
 *
 * @param child The command.
 */
export function killCommand(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has just ended.
  }
}
