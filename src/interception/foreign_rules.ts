import type { ForeignRule, OwnRedirect } from "./foreign_rule.ts";
import { readIptablesSave } from "./foreign_iptables.ts";
import { readRuleset } from "./foreign_nftables.ts";
import type { RunCommand } from "./run_command.ts";
import { runIfInstalled } from "./run_if_installed.ts";
import { explainFailure, isKindMissing } from "./tool_failure.ts";

/** What a search for rules of others came to. */
export interface ForeignRulesSearch {
  /** The rules. */
  readonly found: readonly ForeignRule[];
  /** Why a tool could not tell; others were asked all the same. */
  readonly failures: readonly unknown[];
}

const TOOLS = [
  "iptables-nft",
  "ip6tables-nft",
  "iptables-legacy",
  "ip6tables-legacy",
] as const;

const TIMEOUT_MS = 10_000;

/**
 * Finds rules of other programs that keep pods' requests to the metadata server from
 * our redirect.
 *
 * @param runCommand Runs the tools; those that are not installed are left out, and so
 * is what the kernel does not have.
 * @param own Where the metadata server is, and what sets our rules.
 */
export async function findForeignRules(
  runCommand: RunCommand,
  own: OwnRedirect,
): Promise<ForeignRulesSearch> {
  const found: ForeignRule[] = [];
  const failures: unknown[] = [];
  const look = async (
    command: string,
    args: readonly string[],
    read: (text: string) => readonly ForeignRule[],
  ): Promise<void> => {
    try {
      const result = await runIfInstalled(
        runCommand,
        command,
        args,
        TIMEOUT_MS,
      );
      if (result === undefined) return;
      if (result.code !== 0) {
        throw explainFailure(`${command} cannot read the rules`, result);
      }
      found.push(...read(result.stdout));
    } catch (error) {
      if (!isKindMissing(error)) failures.push(error);
    }
  };
  for (const tool of TOOLS) {
    const address = tool.startsWith("ip6") ? own.ipv6Address : own.address;
    const { backend } = own;
    await look(
      `${tool}-save`,
      [],
      (text) => readIptablesSave(text, { place: tool, address, backend }),
    );
  }
  await look(
    "nft",
    ["-j", "list", "ruleset"],
    (text) => readRuleset(text, own),
  );
  return { found, failures };
}
