import type { LoadedConfig } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load_config.ts";
import { printConfig } from "../config/print_config.ts";
import { Reloader } from "../config/reloader.ts";
import { type Daemon, startDaemon } from "../daemon/daemon.ts";
import type { Connection } from "../kubernetes/connection.ts";
import { InterceptionError } from "../interception/interception_error.ts";
import { ListenError } from "../metadata/listener.ts";
import { createLog, describeError, type Log } from "../telemetry/log.ts";
import { VERSION } from "../telemetry/version.ts";
import type { Io } from "./io.ts";
import { openConnection } from "./open_connection.ts";
import { systemClock } from "./system_clock.ts";
import { watchFile } from "./watch_file.ts";

/** How {@linkcode runDaemon} is told what to do while it runs. */
export interface RunDaemonOptions {
  /** Fires when the daemon should stop. */
  readonly stop: AbortSignal;
  /** Takes a function to be called whenever the configuration should be reloaded. */
  readonly onHangup?: (reload: () => void) => void;
  /** Told of the running daemon. */
  readonly onStarted?: (daemon: Daemon) => void;
}

/**
 * Runs the daemon until it is told to stop.
 *
 * @param args Flags.
 * @param io Where to read and write.
 * @param options Signals.
 * @returns Exit code: 0 stopped, 1 failed, 2 bad configuration.
 */
export async function runDaemon(
  args: readonly string[],
  io: Io,
  options: RunDaemonOptions,
): Promise<number> {
  const load = (): Promise<LoadedConfig> =>
    loadConfig({ args, env: io.env, readTextFile: io.readTextFile });
  const prepared = await prepare(load, io);
  if (prepared === undefined) return 2;
  const { loaded, connection } = prepared;
  let effective = loaded;
  let level = loaded.config.log.level;
  const log = createLog({
    format: loaded.config.log.format,
    level: () => level,
    write: io.err,
    now: systemClock.now,
  });
  log("info", "Starting", { version: VERSION, apiServer: connection.server });
  for (const warning of loaded.warnings) log("warn", warning);
  const auditLog = createLog({
    format: "json",
    level: () => "info",
    write: io.err,
    now: systemClock.now,
  });
  const daemon = await start(loaded, {
    connection,
    log,
    auditLog,
    configText: () => printConfig(effective),
  });
  if (daemon === undefined) return 1;
  options.onStarted?.(daemon);
  const reloader = new Reloader({
    load,
    running: loaded.config,
    apply: (config, { origins }) => {
      effective = { ...loaded, config, origins };
      level = config.log.level;
      daemon.reconfigure(config);
    },
    onOutcome: daemon.noteReload,
    clock: systemClock,
    log,
  });
  await reloadUntil(options, { reloader, file: loaded.file, log });
  log("info", "Stopping");
  await daemon[Symbol.asyncDispose]();
  return 0;
}

/** Reloads on SIGHUP and on changes of the file, until told to stop. */
async function reloadUntil(
  { stop, onHangup }: RunDaemonOptions,
  options: {
    readonly reloader: Reloader;
    readonly file: string | undefined;
    readonly log: Log;
  },
): Promise<void> {
  const { reloader, file, log } = options;
  const onChange = (): void => reloader.request();
  onHangup?.(onChange);
  const watching = file === undefined
    ? undefined
    : watchFile(file, { onChange, signal: stop }).catch((error) =>
      log(
        "error",
        "The configuration file cannot be watched; send SIGHUP after a change",
        {
          file,
          error: describeError(error),
        },
      )
    );
  await Promise.all([reloader.run(stop), watching]);
}

/** Loads the configuration, or says what is wrong with it. */
async function prepare(
  load: () => Promise<LoadedConfig>,
  io: Io,
): Promise<
  { readonly loaded: LoadedConfig; readonly connection: Connection } | undefined
> {
  try {
    const loaded = await load();
    return { loaded, connection: await openConnection(loaded.config, io) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return undefined;
  }
}

async function start(
  { config }: LoadedConfig,
  options: {
    readonly connection: Connection;
    readonly log: Log;
    readonly auditLog: Log;
    readonly configText: () => string;
  },
): Promise<Daemon | undefined> {
  try {
    return await startDaemon(config, {
      ...options,
      clock: systemClock,
      random: Math.random,
    });
  } catch (error) {
    if (!(error instanceof ListenError || error instanceof InterceptionError)) {
      throw error;
    }
    options.log("error", describeError(error));
    return undefined;
  }
}
