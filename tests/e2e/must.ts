import assert from "node:assert/strict";
import { createRunCommand } from "../../src/interception/run_command.ts";

const run = createRunCommand();

/** Runs a command of this machine, ten minutes at most; it must succeed. Its standard output. */
export async function must(
  command: string,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, {
    timeoutMs: 600_000,
  });
  assert.equal(code, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}
