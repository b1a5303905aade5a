import { ConfigError, issueAt } from "../config/config_error.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { createInterception } from "../daemon/create_interception.ts";
import { InterceptionError } from "../interception/interception_error.ts";
import type {
  NodeInterception,
  RulesReport,
} from "../interception/node_interception.ts";
import { findOwnRules } from "../interception/own_rules.ts";
import { createRunCommand } from "../interception/run_command.ts";
import { describeError } from "../telemetry/log.ts";
import { chooseListener } from "./choose_listener.ts";
import type { Io } from "./io.ts";
import { systemClock } from "./system_clock.ts";
import {
  type Command,
  groupCommand,
  type Subcommand,
  UsageError,
} from "./command.ts";

const USAGE = `Usage:
  saassigner interception install [--guard-only] [flags]
      Put the rules in place that the configuration wants, and leave them; with
      --guard-only, only those that close the real metadata server to pods
  saassigner interception status [flags]
      Show the rules that are there; exit code 0 if all are as they should be, 1 if not
  saassigner interception remove
      Remove every rule of this program, whatever the configuration. Pods get the
      node's own credentials from then on

Examples:
  saassigner interception status --config /etc/saassigner/config.yaml
  saassigner interception install --guard-only --interception-backend nftables --host-ip 10.128.0.2
  saassigner interception remove
`;

const GUARD_ONLY = "--guard-only";

/** Commands about the rules in the kernel. */
export const INTERCEPTION_COMMAND: Command = groupCommand({
  name: "interception",
  usage: USAGE,
  options: {
    "guard-only": {
      description: "Only the rules that close the real metadata server",
    },
  },
  subcommands: {
    install: reportingFailure(install),
    status: reportingFailure(showStatus),
    remove: reportingFailure(remove),
  },
});

function reportingFailure(subcommand: Subcommand): Subcommand {
  return async (args, io) => {
    try {
      return await subcommand(args, io);
    } catch (error) {
      if (!(error instanceof InterceptionError)) throw error;
      io.err(`${describeError(error)}\n`);
      return 1;
    }
  };
}

async function install(args: readonly string[], io: Io): Promise<number> {
  const isGuardOnly = args.includes(GUARD_ONLY);
  const flags = args.filter((arg) => arg !== GUARD_ONLY);
  const { config, interception } = await load(flags, io);
  const written = await interception.guard(config.interception);
  const redirected = isGuardOnly ? [] : await interception.redirect(
    config.interception,
    await chooseListener(config, interception),
  );
  for (const each of [...written, ...redirected]) io.out(`written: ${each}\n`);
  io.out(`in place: ${interception.state.detail}\n`);
  return 0;
}

async function showStatus(args: readonly string[], io: Io): Promise<number> {
  const { config, interception } = await load(args, io);
  const listener = await chooseListener(config, interception);
  const report = await interception.report(config.interception, listener);
  io.out(describeReport(report));
  const isInPlace = report.groups.every(({ drift }) => drift.length === 0);
  return isInPlace ? 0 : 1;
}

function describeReport({ wanted, groups, search }: RulesReport): string {
  const lines = [`uses ${wanted.places.join(", ")}: ${wanted.reason}`];
  for (const { name, drift, leftOut } of groups) {
    const inOrder = leftOut === undefined ? "in place" : `left out: ${leftOut}`;
    lines.push(
      ...drift.length === 0
        ? [`${name}: ${inOrder}`]
        : drift.map((each) => `${name}: ${each}`),
    );
  }
  for (const error of search.failures) lines.push(describeError(error));
  for (const { place, text } of search.found) {
    const origin = wanted.places.includes(place)
      ? ""
      : ", left by an earlier configuration";
    lines.push("", `${place}${origin}:`, text);
  }
  return `${lines.join("\n")}\n`;
}

async function remove(args: readonly string[], io: Io): Promise<number> {
  if (args.length > 0) {
    throw new UsageError("interception remove takes no arguments");
  }
  const { found, failures } = await findOwnRules(createRunCommand());
  const failed = [...failures];
  for (const { place, text, remove } of found) {
    try {
      await remove();
      io.out(`${place}: removed\n${text}\n`);
    } catch (error) {
      failed.push(error);
    }
  }
  for (const error of failed) io.err(`${describeError(error)}\n`);
  if (failed.length > 0) return 1;
  if (found.length === 0) io.out("There are no rules of this program\n");
  return 0;
}

async function load(
  args: readonly string[],
  io: Io,
): Promise<
  { readonly config: Config; readonly interception: NodeInterception }
> {
  const { env, readTextFile } = io;
  const { config, origins } = await loadConfig({ args, env, readTextFile });
  const interception = createInterception(config, {
    clock: systemClock,
    log: (level, message, fields = {}) => {
      if (level !== "warn") return;
      const details = Object.entries(fields).map(([key, value]) =>
        `, ${key} ${value}`
      );
      io.err(`warning: ${message}${details.join("")}\n`);
    },
  });
  if (interception === undefined) {
    const path = "interception.backend";
    throw new ConfigError([issueAt(origins.get(path) ?? { kind: "default" }, {
      path,
      message:
        'is "none", so that there are no rules; expected iptables or nftables',
    })]);
  }
  return { config, interception };
}
