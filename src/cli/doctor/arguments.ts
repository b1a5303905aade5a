import { UsageError } from "../command.ts";

/** What `saassigner doctor` was called with. */
export interface DoctorArguments {
  /** Form of the report. */
  readonly output: "table" | "json";
  /** The rest, for the configuration. */
  readonly flags: readonly string[];
}

/**
 * Takes the form of the report out of the arguments.
 *
 * @param args Arguments behind the command's name.
 * @throws {UsageError} If there is no such form.
 */
export function readArguments(args: readonly string[]): DoctorArguments {
  const index = args.findIndex((arg) => /^(-o|--output)(=|$)/.test(arg));
  const given = args[index];
  if (given === undefined) return { output: "table", flags: args };
  const [name, ownText] = given.split("=", 2);
  const output = ownText ?? args[index + 1] ?? "";
  if (output !== "table" && output !== "json") {
    throw new UsageError(
      `${name} ${JSON.stringify(output)} is no form; expected table or json`,
    );
  }
  const length = ownText === undefined ? 2 : 1;
  return { output, flags: args.toSpliced(index, length) };
}
