import { FLAG_TARGETS, type FlagTarget } from "../../config/flag_target.ts";
import type { CommandOption, ListedCommand } from "../command.ts";

/** What may stand behind a flag: nothing, one of some words, a file, or anything. */
export type FlagValue =
  | { readonly kind: "switch" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" }
  | { readonly kind: "text"; readonly name: string };

/** A flag, as shells complete it. */
export interface CompletedFlag {
  /** Name without dashes. */
  readonly name: string;
  /** One letter that stands for it. */
  readonly short: string | undefined;
  /** One sentence without final period; may be empty. */
  readonly description: string;
  /** What may stand behind it. */
  readonly value: FlagValue;
}

/** A command, as shells complete it. */
export interface CompletedCommand {
  /** Its name. */
  readonly name: string;
  /** One sentence without final period. */
  readonly description: string;
  /** Names of its subcommands. */
  readonly subcommands: readonly string[];
  /** Its own flags. */
  readonly flags: readonly CompletedFlag[];
  /** Whether it has the configuration's flags, too. */
  readonly hasConfigFlags: boolean;
  /** Whether its arguments name files. */
  readonly takesFiles: boolean;
}

/** All that can be completed. */
export interface Completions {
  /** The configuration's flags, which the daemon has, too. */
  readonly flags: readonly CompletedFlag[];
  /** Every command. */
  readonly commands: readonly CompletedCommand[];
}

/**
 * Gathers what can be completed: from the schema of the options, and from the commands.
 *
 * @param commands Every command.
 */
export function listCompletions(
  commands: readonly ListedCommand[],
): Completions {
  return {
    flags: [...FLAG_TARGETS].map(([name, target]) =>
      describeTarget(name, target)
    ),
    commands: commands.map(({ command, description }) => ({
      name: command.name,
      description,
      subcommands: command.subcommands ?? [],
      flags: Object.entries(command.options ?? {}).map(describeOwn),
      hasConfigFlags: command.configFlags !== "none",
      takesFiles: command.takes === "files",
    })),
  };
}

const GENERAL: Readonly<Record<"config" | "help" | "version", string>> = {
  config: "YAML file with any of the options",
  help: "Print a help text",
  version: "Print the version",
};

function describeTarget(name: string, target: FlagTarget): CompletedFlag {
  const flag = { name, short: name === "help" ? "h" : undefined };
  switch (target.kind) {
    case "option": {
      const { kind, description } = target.option;
      const { enum: words } = kind.schema;
      const value: FlagValue = kind.isSwitch
        ? { kind: "switch" }
        : Array.isArray(words)
        ? { kind: "words", words: kind.type.split("|") }
        : kind.type === "file"
        ? { kind: "file" }
        : { kind: "text", name: kind.type };
      return { ...flag, description, value };
    }
    case "shorthand": {
      const { flag: own, shorthand } = target.option;
      const description = `Short for --${own} ${shorthand?.on}`;
      return { ...flag, description, value: { kind: "switch" } };
    }
    case "config":
      return { ...flag, description: GENERAL.config, value: { kind: "file" } };
    default:
      return {
        ...flag,
        description: GENERAL[target.kind],
        value: { kind: "switch" },
      };
  }
}

function describeOwn(
  [name, option]: readonly [string, CommandOption],
): CompletedFlag {
  const { short, value, choices, description = "" } = option;
  return {
    name,
    short,
    description,
    value: value === undefined
      ? { kind: "switch" }
      : choices === undefined
      ? { kind: "text", name: value }
      : { kind: "words", words: choices },
  };
}
