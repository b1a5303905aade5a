import { ConfigError } from "../config/config_error.ts";
import type { Io } from "./io.ts";

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

/** A command of the program. */
export interface Command {
  /** Its name. */
  readonly name: string;
  /** Text of its `--help`. */
  readonly usage: string;
  /** Runs it with the arguments behind its name. */
  readonly run: Subcommand;
}

/** A command that has subcommands. */
export interface CommandGroup {
  /** Its name. */
  readonly name: string;
  /** Text of its `--help`. */
  readonly usage: string;
  /** Its subcommands by name. */
  readonly subcommands: Readonly<Record<string, Subcommand>>;
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
  { name, usage, subcommands }: CommandGroup,
): Command {
  return {
    name,
    usage,
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
