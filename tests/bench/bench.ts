/**
 * Measures what the program costs, beside what is possible: chosen scenarios, each a
 * number of rounds. Prints a table of what was found, with the targets beside it, and
 * fails only if the program answers wrongly.
 */
import { buildImageProgram } from "../image_program.ts";
import { chooseLoadTool } from "./load_tool.ts";
import { describeMachine } from "./machine.ts";
import { type Options, OptionsError, readOptions, usage } from "./options.ts";
import { replacePart } from "./readme_part.ts";
import {
  formatJson,
  formatMarkdown,
  formatReadme,
  type Measured,
} from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

const README = new URL("../../README.md", import.meta.url);

async function bench(options: Options): Promise<void> {
  const { rounds, isShort, isWhole } = options;
  // Fails now rather than after all the measuring if there is no place for it.
  if (options.writesReadme) replacePart(await Deno.readTextFile(README), "");
  const folder = await Deno.makeTempDir();
  const measured: Measured[] = [];
  const machine = describeMachine((await chooseLoadTool()).name);
  try {
    await say("bundling the program");
    const program = await buildImageProgram(folder);
    for (const { name, measure } of options.scenarios) {
      await say(name);
      try {
        const figures = await measure({ program, rounds, isShort, isWhole });
        measured.push({ scenario: name, figures });
      } catch (cause) {
        throw new Error(`The scenario ${name} fails`, { cause });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const report = { machine, rounds, isShort, measured };
  const markdown = formatMarkdown(report);
  await write(Deno.stdout, markdown);
  if (options.json !== undefined) {
    await Deno.writeTextFile(options.json, formatJson(report));
  }
  if (options.writesReadme) {
    const readme = await Deno.readTextFile(README);
    await Deno.writeTextFile(README, replacePart(readme, formatReadme(report)));
  }
}

async function main(args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  try {
    const options = readOptions(args, SCENARIOS);
    if (options.asksHelp) await write(Deno.stdout, usage(SCENARIOS));
    else {
      await bench(options);
      const seconds = (performance.now() - startedMs) / 1_000;
      await say(`done in ${seconds.toFixed(0)} s`);
    }
    return 0;
  } catch (error) {
    const isUsage = error instanceof OptionsError;
    await say(isUsage ? error.message : describe(error));
    return isUsage ? 2 : 1;
  }
}

/** Tells an error with all that led to it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? error.message
    : `${error.message}: ${describe(error.cause)}`;
}

function say(line: string): Promise<void> {
  return write(Deno.stderr, `bench: ${line}\n`);
}

async function write(
  to: { readonly write: (bytes: Uint8Array) => Promise<number> },
  text: string,
): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
