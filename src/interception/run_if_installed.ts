import type { CommandResult, RunCommand } from "./run_command.ts";
import { isToolMissing } from "./tool_failure.ts";

/**
 * Runs a command, if there is one of that name.
 *
 * @param runCommand Runs it.
 * @param command Name of the binary.
 * @param args Its arguments.
 * @param timeoutMs Most that it may take, in milliseconds.
 * @returns How it ended, or `undefined` if it is not installed.
 * @throws {InterceptionError} If it may not be run or takes too long.
 */
export async function runIfInstalled(
  runCommand: RunCommand,
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<CommandResult | undefined> {
  try {
    return await runCommand(command, args, { timeoutMs });
  } catch (error) {
    if (isToolMissing(error)) return undefined;
    throw error;
  }
}
