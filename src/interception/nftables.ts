import { listFamilyRules } from "./family_rules.ts";
import { InterceptionError } from "./interception_error.ts";
import { planNftables } from "./nftables_plan.ts";
import {
  listGuardTable,
  listTableContents,
  TABLE,
  type TableContents,
  type TableName,
} from "./nftables_rules.ts";
import { makeOptional, untilCertain } from "./optional_group.ts";
import { createRoutingGuard, hasIp, ROUTING_PLACE } from "./routing.ts";
import type { Plan, RuleBackend, RuleGroup } from "./rule_group.ts";
import type { RunCommand } from "./run_command.ts";
import { explainFailure } from "./tool_failure.ts";

const TIMEOUT_MS = 10_000;

/**
 * Creates the backend that uses a table of its own in nftables.
 *
 * Behind its guard there is another one of routing rules, wherever `ip` can be had,
 * for when somebody empties all tables of nftables.
 *
 * @param runCommand Runs the tools.
 * @returns Makes one group of rules of both address families, and one of routing of each.
 */
export function createNftables(runCommand: RunCommand): RuleBackend {
  const hasRouting = untilCertain(() => hasIp(runCommand), Boolean);
  return {
    name: "nftables",
    findPlaces: () =>
      Promise.resolve({
        places: [placeOf(TABLE), ROUTING_PLACE],
        reason: "as configured",
        isCertain: true,
      }),
    createGroups: (families) => [
      createTable("nftables", listTableContents(families), runCommand),
      ...families.map((wanted) =>
        makeOptional(createRoutingGuard(wanted, runCommand), hasRouting)
      ),
    ],
  };
}

/**
 * Finds out whether this node's nftables can have the table of the second guard.
 *
 * @param runCommand Runs `nft`; nothing is changed.
 */
export async function canGuard(runCommand: RunCommand): Promise<boolean> {
  const families = listFamilyRules(
    { guard: "all", redirect: undefined },
    { address: "169.254.169.254", ipv6Address: "fd20:ce::254" },
  );
  const { document } = planNftables(listGuardTable(families), undefined);
  try {
    const { code } = await runCommand("nft", ["-j", "--check", "-f", "-"], {
      input: document,
      timeoutMs: TIMEOUT_MS,
    });
    return code === 0;
  } catch (error) {
    if (error instanceof InterceptionError) return false;
    throw error;
  }
}

/**
 * Tells where the rules of a table are, in the words of status and log.
 *
 * @param table The table.
 */
export function placeOf({ family, name }: TableName): string {
  return `nft table ${family} ${name}`;
}

/**
 * Creates the group of rules that are one table of ours.
 *
 * @param name What the group is about.
 * @param contents What the table should hold.
 * @param runCommand Runs `nft`.
 */
export function createTable(
  name: string,
  contents: TableContents,
  runCommand: RunCommand,
): RuleGroup {
  return {
    name,
    async inspect(): Promise<Plan> {
      const { table } = contents;
      const result = await runCommand(
        "nft",
        ["-j", "list", "table", table.family, table.name],
        { timeoutMs: TIMEOUT_MS },
      );
      if (result.code === 0) return planNftables(contents, result.stdout);
      if (result.stderr.includes("No such file or directory")) {
        return planNftables(contents, undefined);
      }
      throw explainFailure("nft cannot read the rules", result);
    },
    async write(document): Promise<void> {
      const result = await runCommand("nft", ["-j", "-f", "-"], {
        input: document,
        timeoutMs: TIMEOUT_MS,
      });
      if (result.code !== 0) {
        throw explainFailure("nft cannot write the rules", result);
      }
    },
  };
}
