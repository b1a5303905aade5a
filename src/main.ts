import { CONFIG_COMMAND } from "./cli/config.ts";
import { DOCTOR_COMMAND } from "./cli/doctor/doctor.ts";
import { EXPLAIN_COMMAND } from "./cli/explain.ts";
import { INTERCEPTION_COMMAND } from "./cli/interception.ts";
import type { Io } from "./cli/io.ts";
import { READY_COMMAND } from "./cli/ready.ts";
import { LINT_COMMAND } from "./cli/lint.ts";
import { POLICY_COMMAND } from "./cli/policy.ts";
import { runDaemon, type RunDaemonOptions } from "./cli/run_daemon.ts";
import { type ListedCommand, runCommand } from "./cli/command.ts";
import { createCompletionCommand } from "./cli/completion.ts";
import { helpText } from "./config/help_text.ts";
import { parseFlags } from "./config/parse_flags.ts";
import { suggest } from "./core/suggest.ts";
import { VERSION } from "./telemetry/version.ts";

/** Every command, as the help lists them. */
export const COMMANDS: readonly ListedCommand[] = [
  {
    command: EXPLAIN_COMMAND,
    usage: "explain NAMESPACE/POD|ADDRESS",
    description: "Tell which account and scopes a pod gets, and why or why not",
  },
  {
    command: CONFIG_COMMAND,
    usage: "config print|check|schema",
    description: "Show or check the configuration, or print its JSON Schema",
  },
  {
    command: INTERCEPTION_COMMAND,
    usage: "interception install|status|remove",
    description: "Put the rules in place, show them, or remove them all",
  },
  {
    command: DOCTOR_COMMAND,
    usage: "doctor [--output table|json]",
    description: "Check all that the daemon needs, and say how to put it right",
  },
  {
    command: READY_COMMAND,
    usage: "ready [--wait DURATION]",
    description: "Ask the daemon of this configuration whether it is ready",
  },
  {
    command: LINT_COMMAND,
    usage: "lint [FILE...]",
    description:
      "Check manifests by the daemon's rules before they are applied",
  },
  {
    command: POLICY_COMMAND,
    usage: "policy test FILE...",
    description: "Hold allow-lists against a table of what they should decide",
  },
  {
    command: createCompletionCommand(() => COMMANDS),
    usage: "completion bash|zsh|fish",
    description: "Print a script that completes commands and flags in a shell",
  },
];

/**
 * Runs the program: the daemon, or the command that the first argument names.
 *
 * @param args Command line, without the program's name.
 * @param io Where to read and write.
 * @param signals How the daemon is told to stop and to reload.
 * @returns Exit code: 0 done or stopped, 1 failed or not ready, 2 wrong usage or
 * configuration, 3 denied or findings.
 */
export async function main(
  args: readonly string[],
  io: Io,
  signals: RunDaemonOptions,
): Promise<number> {
  const [first = "", ...rest] = args;
  const found = COMMANDS.find(({ command }) => command.name === first);
  if (found !== undefined) return await runCommand(found.command, rest, io);
  if (first !== "" && !first.startsWith("-")) {
    const meant = suggest(first, COMMANDS.map(({ command }) => command.name));
    const hint = meant === undefined
      ? "--help lists what there is"
      : `did you mean ${meant}?`;
    io.err(`${JSON.stringify(first)} is no command; ${hint}\n`);
    return 2;
  }
  const flags = parseFlags(args);
  if (flags.help) {
    io.out(helpText(COMMANDS));
    return 0;
  }
  if (flags.version) {
    const commit = io.env("SAASSIGNER_COMMIT") || "unknown";
    io.out(
      `k8s-gke-service-account-assigner ${VERSION} (commit ${commit}, Deno ${Deno.version.deno})\n`,
    );
    return 0;
  }
  return await runDaemon(args, io, signals);
}

/** The process's own streams, environment and files. */
export const processIo: Io = {
  out: (text) => writeAll(Deno.stdout, text),
  err: (text) => writeAll(Deno.stderr, text),
  env: (name) => Deno.env.get(name),
  useColor: Deno.stdout.isTerminal() && !Deno.noColor,
  showsProgress: Deno.stderr.isTerminal(),
  readInput: () => new Response(Deno.stdin.readable).text(),
  readTextFile: (path) => Deno.readTextFile(path),
};

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

/**
 * Listens to the process's signals: SIGINT and SIGTERM stop, SIGHUP reloads.
 *
 * Deno as process 1 crashes on a signal that nobody listens to.
 */
export function processSignals(): RunDaemonOptions {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => stopping.abort());
  }
  return {
    stop: stopping.signal,
    onHangup: (reload) => Deno.addSignalListener("SIGHUP", reload),
  };
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args, processIo, processSignals()));
}
