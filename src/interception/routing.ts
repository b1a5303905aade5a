import type { FamilyRules } from "./family_rules.ts";
import { InterceptionError } from "./interception_error.ts";
import { planRouting } from "./routing_plan.ts";
import { listRoutingRules } from "./routing_rules.ts";
import { leaveOut, type Plan, type RuleGroup } from "./rule_group.ts";
import type { RunCommand } from "./run_command.ts";
import { explainFailure, isFamilyMissing } from "./tool_failure.ts";

const TIMEOUT_MS = 10_000;

/** Option of `ip` for each address family. */
export const FAMILY_OPTION = { IPv4: "-4", IPv6: "-6" } as const;

/** Where routing rules are, in the words of status and log. */
export const ROUTING_PLACE = "ip rule";

/**
 * Creates the group of routing rules of one address family.
 *
 * @param wanted What is wanted.
 * @param runCommand Runs `ip`.
 */
export function createRoutingGuard(
  wanted: FamilyRules,
  runCommand: RunCommand,
): RuleGroup {
  const option = FAMILY_OPTION[wanted.family];
  return {
    name: `${wanted.family} routing`,
    async inspect(): Promise<Plan> {
      const listed = await runCommand(
        "ip",
        [option, "-details", "-json", "rule", "show"],
        { timeoutMs: TIMEOUT_MS },
      );
      if (listed.code !== 0) {
        const error = explainFailure(
          "ip cannot read the routing rules",
          listed,
        );
        if (isFamilyMissing(error)) {
          return leaveOut(`the kernel has no rules of ${wanted.family}`);
        }
        throw error;
      }
      return planRouting(listRoutingRules(wanted), listed.stdout);
    },
    async write(document): Promise<void> {
      const result = await runCommand("ip", [option, "-batch", "-"], {
        input: document,
        timeoutMs: TIMEOUT_MS,
      });
      if (result.code !== 0) {
        throw explainFailure("ip cannot write the routing rules", result);
      }
    },
  };
}

/**
 * Finds out whether this node has `ip`.
 *
 * @param runCommand Runs it.
 */
export async function hasIp(runCommand: RunCommand): Promise<boolean> {
  try {
    const { code } = await runCommand("ip", ["-V"], { timeoutMs: TIMEOUT_MS });
    return code === 0;
  } catch (error) {
    if (error instanceof InterceptionError) return false;
    throw error;
  }
}
