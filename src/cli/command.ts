import { ConfigError } from "../config/config_error.ts";
import type { Io } from "./io.ts";
import type { OwnOption } from "./take_options.ts";

/**
 * Runs a subcommand.
 *
 * @param args Arguments behind its name.
 * @param io Where to read and write.
 * @returns Exit code.
 * @throws {UsageError} If the arguments are wrong.
 * @throws {ConfigError} If the configuration cannot be used.
 */
export type Subcommand = (args: readonly string[], io: Io) => Promise<number>;

/** An option that only one command has, as shells complete it. */
export interface CommandOption extends OwnOption {
  /** What it does: one sentence without final period. */
  readonly description?: string;
  /** The values that it takes, if they are few. */
  readonly choices?: readonly string[];
}

/** A command of the program. */
export interface Command {
  /** Its name. */
  readonly name: string;
  /** Text of its `--help`. */
  readonly usage: string;
  /** Names of its subcommands, for completion. */
  readonly subcommands?: readonly string[];
  /** Its own options by name without dashes, for completion. */
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What its arguments name, if that can be completed. */
  readonly takes?: "files";
  /** Whether it has the configuration's flags too, for completion; it does if left out. */
  readonly configFlags?: "none";
  /** Runs it with the arguments behind its name. */
  readonly run: Subcommand;
}

/** A command, as the program lists it. */
export interface ListedCommand {
  /** The command. */
  readonly command: Command;
  /** It with its arguments, such as `config check FILE`. */
  readonly usage: string;
  /** One sentence without final period. */
  readonly description: string;
}

/** A command that has subcommands. */
export interface CommandGroup {
  /** Its name. */
  readonly name: string;
  /** Text of its `--help`. */
  readonly usage: string;
  /** Its subcommands by name. */
  readonly subcommands: Readonly<Record<string, Subcommand>>;
  /** Options that any of them has, by name without dashes, for completion. */
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What the arguments behind them name, if that can be completed. */
  readonly takes?: "files";
}

/** Thrown when a command is called the wrong way. */
export class UsageError extends Error {
  /**
   * Creates the error.
   *
   * @param message What is wrong and what is expected, without a final period.
   */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/**
 * Makes a command of its subcommands.
 *
 * @param group Name and subcommands.
 */
export function groupCommand(
  { name, usage, subcommands, options = {}, takes }: CommandGroup,
): Command {
  return {
    name,
    usage,
    subcommands: Object.keys(subcommands),
    options,
    ...(takes === undefined ? {} : { takes }),
    run: async ([first, ...rest], io) => {
      const subcommand = Object.hasOwn(subcommands, first ?? "")
        ? subcommands[first ?? ""]
        : undefined;
      if (subcommand === undefined) {
        throw new UsageError(describeUnknown(name, first, subcommands));
      }
      return await subcommand(rest, io);
    },
  };
}

/**
 * Runs a command.
 *
 * @param command The command.
 * @param args Arguments behind its name.
 * @param io Where to read and write.
 * @returns What the command returns; 2 for wrong usage or a bad configuration.
 */
export async function runCommand(
  { usage, run }: Command,
  args: readonly string[],
  io: Io,
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.out(usage);
    return 0;
  }
  try {
    return await run(args, io);
  } catch (error) {
    if (error instanceof UsageError) io.err(`${error.message}\n${usage}`);
    else if (error instanceof ConfigError) io.err(`${error.message}\n`);
    else throw error;
    return 2;
  }
}

function describeUnknown(
  name: string,
  given: string | undefined,
  subcommands: CommandGroup["subcommands"],
): string {
  const names = Object.keys(subcommands);
  const list = (word: string): string =>
    [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean)
      .join(` ${word} `);
  return given === undefined
    ? `${name} needs ${names.length > 1 ? "one of " : ""}${list("and")}`
    : `${name} ${JSON.stringify(given)} is unknown; expected ${list("or")}`;
}
