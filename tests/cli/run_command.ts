import { type Command, runCommand } from "../../src/cli/command.ts";
import { recordIo } from "./recorded_io.ts";

/** What a command did. */
export interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in a world of these files, variables and this standard input alone. */
export async function runIn(
  world: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly color?: boolean;
  },
  command: Command,
  args: readonly string[],
): Promise<CommandRun> {
  const io = recordIo({
    useColor: world.color ?? false,
    env: (name) => world.env?.[name],
    readInput: () => Promise.resolve(world.input ?? ""),
    readTextFile: (path) => {
      const text = world.files?.[path];
      if (text === undefined) throw new Deno.errors.NotFound(path);
      return text;
    },
  });
  const code = await runCommand(command, args, io);
  return { code, out: io.outText(), err: io.errText() };
}
