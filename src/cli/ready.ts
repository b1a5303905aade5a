import type { Config } from "../config/config.ts";
import { parseDuration } from "../config/duration.ts";
import { loadConfig } from "../config/load_config.ts";
import type { Clock } from "../core/clock.ts";
import { describeError } from "../telemetry/log.ts";
import type { Io } from "./io.ts";
import { type Command, type CommandOption, UsageError } from "./command.ts";
import { takeOptions } from "./take_options.ts";
import { systemClock } from "./system_clock.ts";

const USAGE = `Usage:
  saassigner ready [--wait DURATION] [flags]
      Ask the daemon of this configuration, on admin.socket or else on its admin port,
      whether it is ready, and show what it says of each condition; exit code 0 if it is,
      1 if not. With --wait, ask until it is or the time is over

Examples:
  saassigner ready --wait 55s --admin-socket /run/saassigner/admin.sock
  saassigner ready --admin-port 8182
`;

const PAUSE_MS = 100;
/** One answer of a daemon that is alive takes no time. */
const TIMEOUT_MS = 2_000;

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  wait: { value: "a duration", description: "Ask until it is ready" },
};

/** Asks a running daemon for its readiness. */
export const READY_COMMAND: Command = {
  name: "ready",
  usage: USAGE,
  options: OPTIONS,
  run: (args, io) => askUntilReady(args, io, systemClock),
};

async function askUntilReady(
  args: readonly string[],
  io: Io,
  clock: Clock,
): Promise<number> {
  const { values, rest } = takeOptions(args, OPTIONS);
  const waitMs = parseWait(values.get("wait") ?? "0");
  const { env, readTextFile } = io;
  const { config } = await loadConfig({ args: rest, env, readTextFile });
  const endMs = clock.now() + waitMs;
  let readiness = await askReadiness(config.admin);
  while (!readiness.isReady && clock.now() < endMs) {
    await clock.sleep(Math.min(PAUSE_MS, endMs - clock.now()));
    readiness = await askReadiness(config.admin);
  }
  (readiness.isReady ? io.out : io.err)(readiness.text);
  return readiness.isReady ? 0 : 1;
}

function parseWait(text: string): number {
  const waitMs = parseDuration(text);
  if (waitMs === undefined) {
    throw new UsageError(
      `--wait ${JSON.stringify(text)} is no duration; expected such as 55s`,
    );
  }
  return waitMs;
}

interface Readiness {
  readonly isReady: boolean;
  /** What the daemon says of each condition, or why it does not answer. */
  readonly text: string;
}

async function askReadiness(
  { socket, address, port }: Config["admin"],
): Promise<Readiness> {
  const host = address.includes(":") ? `[${address}]` : address;
  // An address: a name would be looked up, though the socket is all that is asked.
  const base = socket === undefined
    ? `http://${host}:${port}`
    : "http://127.0.0.1";
  using client = Deno.createHttpClient(
    socket === undefined ? {} : { proxy: { transport: "unix", path: socket } },
  );
  try {
    const response = await fetch(`${base}/readyz?verbose`, {
      client,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { isReady: response.ok, text: await response.text() };
  } catch (error) {
    const where = socket ?? base;
    return {
      isReady: false,
      text: `No daemon answers on ${where}: ${describeError(error)}\n`,
    };
  }
}
