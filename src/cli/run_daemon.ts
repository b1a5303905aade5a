import type { LoadedConfig } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load_config.ts";
import type { Clock } from "../core/clock.ts";
import {
  connectionOptions,
  type Daemon,
  ListenError,
  startDaemon,
} from "../daemon.ts";
import { type Connection, createConnection } from "../kubernetes/connection.ts";
import { createLog, describeError, type Log } from "../telemetry/log.ts";
import { VERSION } from "../telemetry/version.ts";
import type { Io } from "./io.ts";

/**
 * Runs the daemon until it is told to stop.
 *
 * @param args Flags.
 * @param io Where to read and write.
 * @param options `stop` fires when the daemon should stop; `onStarted` is told of
 * the running daemon.
 * @returns Exit code: 0 stopped, 1 failed, 2 bad configuration.
 */
export async function runDaemon(
  args: readonly string[],
  io: Io,
  options: {
    readonly stop: AbortSignal;
    readonly onStarted?: (daemon: Daemon) => void;
  },
): Promise<number> {
  const prepared = await prepare(args, io);
  if (prepared === undefined) return 2;
  const { loaded, connection } = prepared;
  const { config } = loaded;
  const log = createLog({
    format: config.log.format,
    level: () => config.log.level,
    write: io.err,
    now: systemClock.now,
  });
  log("info", "Starting", { version: VERSION, apiServer: connection.server });
  for (const warning of loaded.warnings) log("warn", warning);
  const daemon = await start(loaded, { connection, log });
  if (daemon === undefined) return 1;
  options.onStarted?.(daemon);
  await aborted(options.stop);
  log("info", "Stopping");
  await daemon[Symbol.asyncDispose]();
  return 0;
}

/** Loads the configuration, or says what is wrong with it. */
async function prepare(
  args: readonly string[],
  io: Io,
): Promise<
  { readonly loaded: LoadedConfig; readonly connection: Connection } | undefined
> {
  try {
    const loaded = await loadConfig({
      args,
      env: io.env,
      readTextFile: io.readTextFile,
    });
    const options = connectionOptions(loaded.config);
    if (options.kind === "in-cluster" && !io.env("KUBERNETES_SERVICE_HOST")) {
      io.err(
        "No API server: give --api-server URL or --kubeconfig FILE, " +
          "or run in a cluster, where KUBERNETES_SERVICE_HOST is set\n",
      );
      return undefined;
    }
    return { loaded, connection: openConnection(options) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return undefined;
  }
}

function openConnection(
  options: Parameters<typeof createConnection>[0],
): Connection {
  try {
    return createConnection(options);
  } catch (cause) {
    const source = options.kind === "kubeconfig" ? options.file : options.kind;
    throw new ConfigError([{
      source,
      path: "kubernetes",
      message: `cannot be used: ${describeError(cause)}`,
    }], { cause });
  }
}

async function start(
  { config }: LoadedConfig,
  options: { readonly connection: Connection; readonly log: Log },
): Promise<Daemon | undefined> {
  try {
    return await startDaemon(config, {
      ...options,
      clock: systemClock,
      random: Math.random,
    });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    options.log("error", error.message);
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: Date.now,
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end, { once: true });
    });
  },
};
