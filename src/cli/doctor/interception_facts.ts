import type { Config } from "../../config/config.ts";
import { canonicalAddress } from "../../core/address.ts";
import type { Clock } from "../../core/clock.ts";
import { createInterception } from "../../daemon/create_interception.ts";
import {
  findForeignRules,
  type ForeignRulesSearch,
} from "../../interception/foreign_rules.ts";
import { InterceptionError } from "../../interception/interception_error.ts";
import type {
  NodeInterceptionOptions,
  RulesReport,
} from "../../interception/node_interception.ts";
import { isServed } from "../../interception/port_probe.ts";
import type { RedirectTarget } from "../../interception/redirect_mark.ts";
import type { RunCommand } from "../../interception/run_command.ts";
import { isForbidden, isToolMissing } from "../../interception/tool_failure.ts";
import { describeError } from "../../telemetry/log.ts";
import { chooseListener } from "../choose_listener.ts";
import type { Outcome } from "./probe.ts";

/** What the kernel of this node has of the rules. */
export interface RulesFacts {
  /** Our rules. */
  readonly report: RulesReport;
  /** What was taken otherwise than configured. */
  readonly warnings: readonly string[];
  /** Where pods' requests are to be led. */
  readonly target: RedirectTarget;
  /** Whether anything listens there. */
  readonly isServed: boolean;
}

/** What was learned of the interception. */
export interface InterceptionFacts {
  /** Our rules. */
  readonly rules: Outcome<RulesFacts>;
  /** Rules of other programs. */
  readonly foreign: Outcome<ForeignRulesSearch>;
}

/** How the rules are read. */
export interface ReadRulesOptions {
  /** Runs the tools. */
  readonly runCommand: RunCommand;
  /** Every address of this machine with the name of its interface. */
  readonly ownAddresses: NodeInterceptionOptions["ownAddresses"];
  /** Time. */
  readonly clock: Clock;
  /** Most that all of it may take, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Reads the rules of this node, ours and those of others that keep requests from them;
 * changes nothing.
 *
 * @param config Effective configuration.
 * @param options How to read.
 */
export async function readInterception(
  config: Config,
  options: ReadRulesOptions,
): Promise<InterceptionFacts> {
  const reason = whyNot(config, options);
  if (reason !== undefined) {
    const skipped = { kind: "skipped", reason } as const;
    return { rules: skipped, foreign: skipped };
  }
  const runCommand = withinTime(options);
  const { backend, address, ipv6Address } = config.interception;
  return {
    rules: await attempt(() => readRules(config, { ...options, runCommand })),
    foreign: await attempt(() =>
      findForeignRules(runCommand, {
        backend: backend === "nftables" ? "nftables" : "iptables",
        address,
        ipv6Address,
      })
    ),
  };
}

function whyNot(
  { interception: { backend, hostIP } }: Config,
  { ownAddresses }: ReadRulesOptions,
): string | undefined {
  if (backend === "none") {
    return "interception.backend is none: the rules are left to somebody else";
  }
  const isOnNode = ownAddresses().some(({ address }) =>
    canonicalAddress(address) === hostIP
  );
  return isOnNode ? undefined : `not on the node: ${hostIP} is no address here`;
}

/** Gives what is left of the time to each command. */
function withinTime(
  { runCommand, clock, limitMs }: ReadRulesOptions,
): RunCommand {
  const endMs = clock.now() + limitMs;
  return (command, args, options) => {
    const leftMs = endMs - clock.now();
    if (leftMs > 0) {
      const timeoutMs = Math.min(options.timeoutMs, leftMs);
      return runCommand(command, args, { ...options, timeoutMs });
    }
    return Promise.reject(
      new InterceptionError(
        `The tools did not end within ${limitMs / 1_000} seconds`,
      ),
    );
  };
}

async function attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: "got", value: await work() };
  } catch (error) {
    if (isForbidden(error) || isToolMissing(error)) {
      return { kind: "skipped", reason: messageOf(error) };
    }
    return { kind: "failed", error };
  }
}

/** What the tool itself printed says no more of a missing capability. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : describeError(error);
}

async function readRules(
  config: Config,
  { clock, runCommand, ownAddresses }: ReadRulesOptions,
): Promise<RulesFacts> {
  const warnings = new Set<string>();
  const interception = createInterception(config, {
    clock,
    runCommand,
    ownAddresses,
    log: (level, message) => {
      if (level === "warn") warnings.add(message);
    },
  });
  const { interception: settings } = config;
  if (interception === undefined || settings.hostIP === undefined) {
    throw new InterceptionError("The address of this node is not set");
  }
  const listener = await chooseListener(config, interception);
  const target = { host: settings.hostIP, port: listener.port };
  return {
    report: await interception.report(settings, listener),
    warnings: [...warnings],
    target,
    isServed: await isServed(target),
  };
}
