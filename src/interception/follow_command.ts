import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { InterceptionError } from "./interception_error.ts";
import { killCommand, startCommand } from "./start_command.ts";

/**
 * Runs a command that goes on printing, until the signal fires.
 *
 * @param command Name of the binary, looked up in PATH.
 * @param args Arguments; no shell sees them.
 * @param options `onLine` takes each line of standard output, `signal` ends the command.
 * @throws {InterceptionError} If the command is missing or may not be run, or ends by itself.
 */
export type FollowCommand = (
  command: string,
  args: readonly string[],
  options: {
    readonly onLine: (line: string) => void;
    readonly signal: AbortSignal;
  },
) => Promise<void>;

const MAX_STDERR_CHARACTERS = 2_000;

/** Creates what follows commands on this machine. */
export function createFollowCommand(): FollowCommand {
  return async (command, args, { onLine, signal }) => {
    if (signal.aborted) return;
    const child = startCommand(command, args, "null");
    const end = (): void => killCommand(child);
    signal.addEventListener("abort", end, { once: true });
    try {
      const [printed] = await Promise.all([
        readStart(child.stderr),
        readLines(child.stdout, onLine),
      ]);
      const { code } = await child.status;
      if (!signal.aborted) {
        throw new InterceptionError(`${command} has ended by itself`, {
          cause: new Error(printed.trim() || `exit code ${code}`),
        });
      }
    } finally {
      signal.removeEventListener("abort", end);
    }
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const input = Readable.from(stream);
  for await (const line of createInterface({ input })) onLine(line);
}

/** Reads all, for a full pipe would stop the command, and keeps the start. */
async function readStart(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + part).slice(0, MAX_STDERR_CHARACTERS);
  }
  return text;
}
