import { InterceptionError } from "./interception_error.ts";
import { planRemoval } from "./iptables_removal.ts";
import { TABLE } from "./nftables_rules.ts";
import type { CommandResult, RunCommand } from "./run_command.ts";
import { explainFailure } from "./tool_failure.ts";

/** Rules of ours that one tool shows, wherever they stand. */
export interface OwnRules {
  /** Command that shows and sets such rules, such as `ip6tables-legacy`. */
  readonly tool: string;
  /** The rules as the tool prints them, one a line. */
  readonly text: string;
  /**
   * Removes them all, in one transaction a table.
   *
   * @throws {InterceptionError} If the tool does not do it.
   */
  remove(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Both kinds of iptables, and the plain names where a machine has no other. */
const IPTABLES = [
  ["iptables-nft", "ip6tables-nft"],
  ["iptables-legacy", "ip6tables-legacy"],
] as const;
const PLAIN_IPTABLES = ["iptables", "ip6tables"] as const;

/**
 * Finds every rule of ours, also such as an earlier configuration has left with
 * another tool.
 *
 * @param runCommand Runs the tools; those that are not installed are left out.
 * @returns One entry a tool that shows any.
 * @throws {InterceptionError} If a tool cannot tell.
 */
export async function findOwnRules(
  runCommand: RunCommand,
): Promise<readonly OwnRules[]> {
  const found = [await findTable(runCommand)];
  let isPlain = true;
  for (const tools of IPTABLES) {
    for (const tool of tools) {
      const saved = await tryCommand(runCommand, `${tool}-save`, []);
      if (saved === undefined) continue;
      isPlain = false;
      found.push(findChains(runCommand, tool, saved));
    }
  }
  for (const tool of isPlain ? PLAIN_IPTABLES : []) {
    const saved = await tryCommand(runCommand, `${tool}-save`, []);
    if (saved !== undefined) found.push(findChains(runCommand, tool, saved));
  }
  return found.filter((each) => each !== undefined);
}

async function findTable(
  runCommand: RunCommand,
): Promise<OwnRules | undefined> {
  const list = ["list", "table", TABLE.family, TABLE.name];
  const listed = await tryCommand(runCommand, "nft", list);
  if (listed === undefined) return undefined;
  if (/No such file or directory/.test(listed.stderr)) return undefined;
  if (listed.code !== 0) {
    throw explainFailure("nft cannot read the rules", listed);
  }
  return {
    tool: "nft",
    text: listed.stdout.trim(),
    remove: () =>
      mustRun(runCommand, "nft", {
        args: ["delete", "table", TABLE.family, TABLE.name],
      }),
  };
}

function findChains(
  runCommand: RunCommand,
  tool: string,
  saved: CommandResult,
): OwnRules | undefined {
  if (saved.code !== 0) {
    // A kernel without the kind, or without IPv6, has no rules of it.
    if (/do you need to insmod|not supported/i.test(saved.stderr)) {
      return undefined;
    }
    throw explainFailure(`${tool}-save cannot read the rules`, saved);
  }
  const { rules, document } = planRemoval(saved.stdout);
  if (rules.length === 0) return undefined;
  return {
    tool,
    text: rules.join("\n"),
    remove: () =>
      mustRun(runCommand, `${tool}-restore`, {
        args: ["--noflush", "-w", "5"],
        input: document,
      }),
  };
}

/** Runs a command; undefined if it is not installed. */
async function tryCommand(
  runCommand: RunCommand,
  command: string,
  args: readonly string[],
): Promise<CommandResult | undefined> {
  try {
    return await runCommand(command, args, { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    const isMissing = error instanceof InterceptionError &&
      error.cause instanceof Deno.errors.NotFound;
    if (isMissing) return undefined;
    throw error;
  }
}

async function mustRun(
  runCommand: RunCommand,
  command: string,
  { args, input }: {
    readonly args: readonly string[];
    readonly input?: string;
  },
): Promise<void> {
  const result = await runCommand(command, args, {
    timeoutMs: TIMEOUT_MS,
    ...input === undefined ? {} : { input },
  });
  if (result.code !== 0) {
    throw explainFailure(`${command} cannot remove the rules`, result);
  }
}
