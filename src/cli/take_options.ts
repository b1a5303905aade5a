import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";

/** An option that only one command has. */
export interface OwnOption {
  /** One letter that stands for it. */
  readonly short?: string;
  /** What its value is, for messages; without it, the option is a switch. */
  readonly value?: string;
}

/** What {@linkcode takeOptions} found. */
export interface TakenOptions {
  /** Value of each option that was typed; empty for a switch. The last one counts. */
  readonly values: ReadonlyMap<string, string>;
  /** All other arguments, in order. */
  readonly rest: readonly string[];
}

/**
 * Takes a command's own options out of its arguments, and leaves the configuration's flags.
 *
 * @param args Arguments behind the command's name.
 * @param options Own options by name, without dashes.
 * @throws {UsageError} If a value is missing, or a switch has one.
 */
export function takeOptions(
  args: readonly string[],
  options: Readonly<Record<string, OwnOption>>,
): TakenOptions {
  const values = new Map<string, string>();
  const taken = new Set<number>();
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { short, value }]) => {
        const type = value === undefined ? "boolean" : "string";
        return [name, short === undefined ? { type } : { type, short }];
      }),
    ),
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(options, token.name)) {
      continue;
    }
    const { index, name, rawName, value, inlineValue: isInline } = token;
    const wanted = options[name]?.value;
    if (wanted === undefined && value !== undefined) {
      throw new UsageError(`${rawName} takes no value`);
    }
    if (
      wanted !== undefined &&
      (value === undefined || value === "" ||
        (value.startsWith("-") && isInline !== true))
    ) {
      throw new UsageError(`${rawName} needs a value; expected ${wanted}`);
    }
    values.set(name, value ?? "");
    taken.add(index);
    if (value !== undefined && isInline !== true) taken.add(index + 1);
  }
  return { values, rest: args.filter((_, index) => !taken.has(index)) };
}
