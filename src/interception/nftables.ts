import { planNftables } from "./nftables_plan.ts";
import { listTableContents, TABLE } from "./nftables_rules.ts";
import type { Plan, RuleBackend, RuleGroup } from "./rule_group.ts";
import type { RunCommand } from "./run_command.ts";
import { explainFailure } from "./tool_failure.ts";

const TIMEOUT_MS = 10_000;

/**
 * Creates the backend that uses a table of its own in nftables.
 *
 * @param runCommand Runs `nft`.
 * @returns Makes one group of rules of both address families.
 */
export function createNftables(runCommand: RunCommand): RuleBackend {
  return {
    name: "nftables",
    findTools: () =>
      Promise.resolve({ commands: ["nft"], reason: "as configured" }),
    createGroups(families): readonly RuleGroup[] {
      const contents = listTableContents(families);
      return [{
        name: "nftables",
        async inspect(): Promise<Plan> {
          return planNftables(contents, await listTable(runCommand));
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
      }];
    },
  };
}

async function listTable(runCommand: RunCommand): Promise<string | undefined> {
  const result = await runCommand(
    "nft",
    ["-j", "list", "table", TABLE.family, TABLE.name],
    { timeoutMs: TIMEOUT_MS },
  );
  if (result.code === 0) return result.stdout;
  if (result.stderr.includes("No such file or directory")) return undefined;
  throw explainFailure("nft cannot read the rules", result);
}
