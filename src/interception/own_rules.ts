import { InterceptionError } from "./interception_error.ts";
import type { FamilyRules } from "./family_rules.ts";
import { planRemoval } from "./iptables_removal.ts";
import { placeOf } from "./nftables.ts";
import { GUARD_TABLE, TABLE, type TableName } from "./nftables_rules.ts";
import type { CommandResult, RunCommand } from "./run_command.ts";
import { FAMILY_OPTION, ROUTING_PLACE } from "./routing.ts";
import { planRouting, readRoutingRules } from "./routing_plan.ts";
import { runIfInstalled } from "./run_if_installed.ts";
import { explainFailure, isKindMissing } from "./tool_failure.ts";

/** Rules of ours that one tool shows. */
export interface OwnRules {
  /** Where they are, such as `ip6tables-legacy` or `nft table inet saassigner`. */
  readonly place: string;
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

/** What a search for our rules came to. */
export interface OwnRulesSearch {
  /** One entry a place that has any. */
  readonly found: readonly OwnRules[];
  /** Why a tool could not tell; others were asked all the same. */
  readonly failures: readonly unknown[];
}

/**
 * Finds every rule of ours, also such as an earlier configuration has left with
 * another tool.
 *
 * @param runCommand Runs the tools; those that are not installed are left out, and so
 * is what the kernel does not have.
 */
export async function findOwnRules(
  runCommand: RunCommand,
): Promise<OwnRulesSearch> {
  const found: OwnRules[] = [];
  const failures: unknown[] = [];
  const look = async (
    search: () => Promise<OwnRules | undefined>,
  ): Promise<void> => {
    try {
      const rules = await search();
      if (rules !== undefined) found.push(rules);
    } catch (error) {
      if (!isKindMissing(error)) failures.push(error);
    }
  };
  for (const family of ["IPv4", "IPv6"] as const) {
    await look(() => findRouting(runCommand, family));
  }
  for (const table of [TABLE, GUARD_TABLE]) {
    await look(() => findTable(runCommand, table));
  }
  let isPlain = true;
  const lookAt = (tool: string): Promise<void> =>
    look(async () => {
      const saved = await runIfInstalled(
        runCommand,
        `${tool}-save`,
        [],
        TIMEOUT_MS,
      );
      if (saved === undefined) return undefined;
      isPlain = false;
      return findChains(runCommand, tool, saved);
    });
  for (const tool of IPTABLES.flat()) await lookAt(tool);
  if (isPlain) { for (const tool of PLAIN_IPTABLES) await lookAt(tool); }
  return { found, failures };
}

async function findRouting(
  runCommand: RunCommand,
  family: FamilyRules["family"],
): Promise<OwnRules | undefined> {
  const option = FAMILY_OPTION[family];
  const listed = await runIfInstalled(
    runCommand,
    "ip",
    [option, "-details", "-json", "rule", "show"],
    TIMEOUT_MS,
  );
  if (listed === undefined) return undefined;
  if (listed.code !== 0) {
    throw explainFailure("ip cannot read the routing rules", listed);
  }
  const rules = readRoutingRules(listed.stdout);
  if (rules.length === 0) return undefined;
  return {
    place: ROUTING_PLACE,
    text: rules.join("\n"),
    remove: () =>
      mustRun(runCommand, "ip", {
        args: [option, "-batch", "-"],
        input: planRouting([], listed.stdout).document,
      }),
  };
}

async function findTable(
  runCommand: RunCommand,
  table: TableName,
): Promise<OwnRules | undefined> {
  const { family, name } = table;
  const list = ["list", "table", family, name];
  const listed = await runIfInstalled(runCommand, "nft", list, TIMEOUT_MS);
  if (listed === undefined) return undefined;
  if (/No such file or directory/.test(listed.stderr)) return undefined;
  if (listed.code !== 0) {
    throw explainFailure("nft cannot read the rules", listed);
  }
  return {
    place: placeOf(table),
    text: listed.stdout.trim(),
    remove: () =>
      mustRun(runCommand, "nft", {
        args: ["delete", "table", family, name],
      }),
  };
}

function findChains(
  runCommand: RunCommand,
  tool: string,
  saved: CommandResult,
): OwnRules | undefined {
  if (saved.code !== 0) {
    throw explainFailure(`${tool}-save cannot read the rules`, saved);
  }
  const [hidden] = /^# Table .* is incompatible, .*$/m.exec(saved.stdout) ?? [];
  if (hidden !== undefined) {
    throw new InterceptionError(
      `${tool}-save does not show a table that holds rules of the nft tool, and maybe ours`,
      { cause: new Error(hidden) },
    );
  }
  const { rules, document } = planRemoval(saved.stdout);
  if (rules.length === 0) return undefined;
  return {
    place: tool,
    text: rules.join("\n"),
    remove: () =>
      mustRun(runCommand, `${tool}-restore`, {
        args: ["--noflush", "-w", "5"],
        input: document,
      }),
  };
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
