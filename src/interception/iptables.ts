import type { FamilyRules } from "./family_rules.ts";
import { type CapturedTable, planIptables } from "./iptables_plan.ts";
import { listTableRules, type TableRules } from "./iptables_rules.ts";
import { detectVariant, type IptablesVariant } from "./iptables_variant.ts";
import { canGuard, createTable, placeOf } from "./nftables.ts";
import { GUARD_TABLE, listGuardTable } from "./nftables_rules.ts";
import { makeOptional, untilCertain } from "./optional_group.ts";
import { createRoutingGuard, hasIp, ROUTING_PLACE } from "./routing.ts";
import {
  leaveOut,
  type Places,
  type Plan,
  type RuleBackend,
  type RuleGroup,
} from "./rule_group.ts";
import type { CommandResult, RunCommand } from "./run_command.ts";
import { explainFailure, isFamilyMissing } from "./tool_failure.ts";

/** Without it the tool waits for the xtables lock for ever. */
const WAIT_FOR_LOCK = ["-w", "5"];

/** More than the wait for the lock, so that the tool can say that it was held. */
const TIMEOUT_MS = 10_000;

/**
 * Creates the backend that uses iptables and ip6tables.
 *
 * Whoever empties the tables of iptables, as firewalls and boot scripts do, takes
 * the guard along. So there is a second one in a table of nftables of its own,
 * wherever nftables can be had, with iptables-legacy too; and behind that a third
 * one, of routing rules. Those come before `FORWARD`: without the second guard, what
 * they refuse is told that there is no route instead of being reset.
 *
 * @param runCommand Runs the tools.
 * @returns Makes one group of rules of each address family, and those of further guards.
 */
export function createIptables(runCommand: RunCommand): RuleBackend {
  const findVariant = untilCertain(
    () => detectVariant(runCommand, TIMEOUT_MS),
    ({ isCertain }) => isCertain,
  );
  const hasNftables = untilCertain(() => canGuard(runCommand), Boolean);
  const hasRouting = untilCertain(() => hasIp(runCommand), Boolean);
  return {
    name: "iptables",
    async findPlaces(): Promise<Places> {
      const { suffix, reason, isCertain } = await findVariant();
      return {
        places: [
          `iptables${suffix}`,
          `ip6tables${suffix}`,
          placeOf(GUARD_TABLE),
          ROUTING_PLACE,
        ],
        reason,
        // The plain name can be of either kind.
        isCertain: isCertain && suffix !== "",
      };
    },
    createGroups: (families) => [
      ...families.map((wanted) =>
        new IptablesFamily(wanted, { runCommand, findVariant })
      ),
      makeOptional(
        createTable("second guard", listGuardTable(families), runCommand),
        hasNftables,
      ),
      ...families.map((wanted) =>
        makeOptional(createRoutingGuard(wanted, runCommand), hasRouting)
      ),
    ],
  };
}

interface Tools {
  readonly runCommand: RunCommand;
  readonly findVariant: () => Promise<IptablesVariant>;
}

class IptablesFamily implements RuleGroup {
  readonly name: FamilyRules["family"];
  readonly #tables: readonly TableRules[];
  readonly #tools: Tools;

  constructor(wanted: FamilyRules, tools: Tools) {
    this.#tables = listTableRules(wanted);
    this.name = wanted.family;
    this.#tools = tools;
  }

  async inspect(): Promise<Plan> {
    const captured: CapturedTable[] = [];
    try {
      for (const rules of this.#tables) captured.push(await this.#read(rules));
    } catch (error) {
      // Without IPv6 there is nothing to guard in it.
      if (this.name === "IPv6" && isFamilyMissing(error)) {
        return leaveOut("the kernel has no IPv6");
      }
      throw error;
    }
    return planIptables(this.#tables, captured);
  }

  async write(document: string): Promise<void> {
    const command = await this.#command("-restore");
    const result = await this.#tools.runCommand(
      command,
      ["--noflush", ...WAIT_FOR_LOCK],
      { input: document, timeoutMs: TIMEOUT_MS },
    );
    if (result.code !== 0) {
      throw explainFailure(`${command} cannot write the rules`, result);
    }
  }

  async #read({ table, builtin, chain }: TableRules): Promise<CapturedTable> {
    const command = await this.#command("");
    const list = (name: string): Promise<CommandResult> =>
      this.#tools.runCommand(
        command,
        [...WAIT_FOR_LOCK, "-t", table, "-S", name],
        { timeoutMs: TIMEOUT_MS },
      );
    const shown = await list(builtin);
    if (shown.code !== 0) {
      throw explainFailure(`${command} cannot read table ${table}`, shown);
    }
    const own = await list(chain);
    if (own.code > 1) {
      throw explainFailure(`${command} cannot read chain ${chain}`, own);
    }
    return {
      builtin: shown.stdout,
      own: own.code === 0 ? own.stdout : undefined,
    };
  }

  async #command(suffix: "" | "-restore"): Promise<string> {
    const variant = await this.#tools.findVariant();
    const base = this.name === "IPv4" ? "iptables" : "ip6tables";
    return `${base}${variant.suffix}${suffix}`;
  }
}
