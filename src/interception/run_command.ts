import { InterceptionError } from "./interception_error.ts";
import { killCommand, startCommand } from "./start_command.ts";

/** How a command ended that could be started. */
export interface CommandResult {
  /** Exit code. */
  readonly code: number;
  /** All of standard output. */
  readonly stdout: string;
  /** All of standard error. */
  readonly stderr: string;
}

/**
 * Runs a command to its end, whatever its exit code.
 *
 * @param command Name of the binary, looked up in PATH.
 * @param args Arguments; no shell sees them.
 * @param options `input` is written to standard input, `timeoutMs` is the most
 * that the command may take, in milliseconds.
 * @throws {InterceptionError} If the command is missing, may not be run or takes too long.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly timeoutMs: number },
) => Promise<CommandResult>;

/** Time that the pipes of a command that was killed have to close. */
const PIPES_MS = 500;

/** Creates what runs commands on this machine; one that takes too long is killed. */
export function createRunCommand(): RunCommand {
  return async (command, args, { input, timeoutMs }) => {
    const child = startCommand(
      command,
      args,
      input === undefined ? "null" : "piped",
    );
    const late = Promise.withResolvers<never>();
    const tooLate = new InterceptionError(
      `${command} did not end within ${timeoutMs / 1_000} seconds`,
    );
    let isLate = false;
    let timer = setTimeout(() => {
      isLate = true;
      killCommand(child);
      // What it has started may hold its pipes open; nobody waits for that.
      timer = setTimeout(() => late.reject(tooLate), PIPES_MS);
    }, timeoutMs);
    try {
      const work = Promise.all([
        child.output(),
        input === undefined ? undefined : feed(child, input),
      ]);
      work.catch(() => {});
      const [output] = await Promise.race([work, late.promise]);
      if (isLate) throw tooLate;
      const decoder = new TextDecoder();
      return {
        code: output.code,
        stdout: decoder.decode(output.stdout),
        stderr: decoder.decode(output.stderr),
      };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Writes the input; a command that ends without reading it says why by its exit code. */
async function feed(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
