import { parseArgs } from "node:util";
import { suggest } from "../../src/core/suggest.ts";
import type { Scenario } from "./scenario.ts";

/** What is asked of the suite on its command line. */
export interface Options {
  /** What to measure, in the suite's own order. */
  readonly scenarios: readonly Scenario[];
  /** How often everything is measured. */
  readonly rounds: number;
  /** Whether to be over in a moment. */
  readonly isShort: boolean;
  /** Whether to take the minutes that some scenarios take in full. */
  readonly isWhole: boolean;
  /** File to write JSON to. */
  readonly json: string | undefined;
  /** Whether to write the table into README.md. */
  readonly writesReadme: boolean;
  /** Whether only to say how it is used. */
  readonly asksHelp: boolean;
}

/** A command line that asks for what there is not. */
export class OptionsError extends Error {}

/**
 * Reads the command line.
 *
 * @param args As given.
 * @param known All scenarios.
 * @throws {OptionsError} If a scenario or an option is unknown, or has no such value.
 */
export function readOptions(
  args: readonly string[],
  known: readonly Scenario[],
): Options {
  const { values, positionals } = parse(args);
  const rounds = Number(values.rounds ?? (values.short ? "1" : "5"));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new OptionsError(
      `--rounds is a whole number from 1 on, not ${values.rounds}`,
    );
  }
  if (values.short && values.readme) {
    throw new OptionsError("--short tells nothing that README should hold");
  }
  const names = known.map(({ name }) => name);
  const stranger = positionals.find((name) => !names.includes(name));
  if (stranger !== undefined) {
    const meant = suggest(stranger, names);
    throw new OptionsError([
      `There is no scenario ${JSON.stringify(stranger)}${
        meant === undefined ? "" : `; did you mean ${meant}?`
      }`,
      listScenarios(known),
    ].join("\n"));
  }
  return {
    scenarios: positionals.length === 0
      ? known
      : known.filter(({ name }) => positionals.includes(name)),
    rounds,
    isShort: values.short === true,
    isWhole: values.whole === true,
    json: values.json,
    writesReadme: values.readme === true,
    asksHelp: values.help === true,
  };
}

/**
 * Says how the suite is used.
 *
 * @param known All scenarios.
 */
export function usage(known: readonly Scenario[]): string {
  return `Usage: deno task bench [OPTION...] [SCENARIO...]

Measures the program as the image runs it, against emulators on this machine. What is
compared takes turns in one run. Fails only if the program answers wrongly.

  --rounds N   how often everything is measured (5; 1 with --short)
  --short      with tiny counts, only to see that all works
  --whole      with memory-load for ten minutes
  --json FILE  write all values as JSON
  --readme     write the table into README.md
  --help       this text

${listScenarios(known)}
`;
}

function listScenarios(known: readonly Scenario[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  return [
    "Scenarios:",
    ...known.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
  ].join("\n");
}

const OPTIONS = {
  rounds: { type: "string" },
  short: { type: "boolean" },
  whole: { type: "boolean" },
  json: { type: "string" },
  readme: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Parsed = ReturnType<
  typeof parseArgs<
    { readonly options: typeof OPTIONS; readonly allowPositionals: true }
  >
>;

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: OPTIONS,
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OptionsError(error.message);
  }
}
