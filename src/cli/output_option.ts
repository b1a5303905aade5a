import { type CommandOption, UsageError } from "./command.ts";

/** Chooses the form of a command's output. */
export const OUTPUT_OPTION: CommandOption = {
  short: "o",
  value: "text or json",
  choices: ["text", "json"],
  description: "Form of the output",
};

/**
 * Tells which form of output was asked for.
 *
 * @param values Values of the command's own options, {@linkcode OUTPUT_OPTION} being `output`.
 * @throws {UsageError} If there is no such form.
 */
export function outputOf(
  values: ReadonlyMap<string, string>,
): "text" | "json" {
  const output = values.get("output") ?? "text";
  if (output === "text" || output === "json") return output;
  throw new UsageError(
    `--output ${JSON.stringify(output)} is unknown; expected text or json`,
  );
}
