import type { Clock } from "../core/clock.ts";
import type { Condition } from "../core/condition.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { Config, LoadedConfig } from "./config.ts";
import { mergeReloaded } from "./reloaded.ts";

/** How the last attempt to reload ended. */
export type ReloadOutcome =
  | { readonly kind: "accepted"; readonly atMs: number }
  | {
    readonly kind: "refused";
    readonly atMs: number;
    readonly message: string;
  };

/** What {@linkcode Reloader} needs. */
export interface ReloaderOptions {
  /** Loads the configuration as at start. */
  readonly load: () => Promise<LoadedConfig>;
  /** What was last applied. */
  readonly running: Config;
  /** Applies what can be changed at run time. */
  readonly apply: (config: Config, loaded: LoadedConfig) => void;
  /** Told how each attempt ended. */
  readonly onOutcome: (outcome: ReloadOutcome) => void;
  /** Time. */
  readonly clock: Clock;
  /** Takes a line for each attempt. */
  readonly log: Log;
}

/** A ConfigMap's files are swapped by several events; they are over by then. */
const SETTLE_MS = 100;

/**
 * Loads the configuration again when asked to, and applies what can be changed
 * at run time. A configuration that is refused changes nothing.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #running: Config;
  #wanted = Promise.withResolvers<void>();

  /**
   * Creates a reloader that does nothing until {@linkcode run}.
   *
   * @param options Where from, where to, and collaborators.
   */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#running = options.running;
  }

  /** Asks for a reload; many at once make one. */
  request(): void {
    this.#wanted.resolve();
  }

  /**
   * Reloads whenever asked to, until the signal fires; never throws.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      await Promise.race([this.#wanted.promise, ended]);
      await this.#options.clock.sleep(SETTLE_MS, signal);
      if (signal.aborted) return;
      this.#wanted = Promise.withResolvers();
      await this.#reload();
    }
  }

  async #reload(): Promise<void> {
    const { load, apply, onOutcome, clock, log } = this.#options;
    let loaded: LoadedConfig;
    try {
      loaded = await load();
    } catch (error) {
      const message = describeError(error);
      log("error", "The configuration is refused; the old one goes on", {
        error: message,
      });
      onOutcome({ kind: "refused", atMs: clock.now(), message });
      return;
    }
    const { config, changed, needsRestart } = mergeReloaded(
      this.#running,
      loaded.config,
    );
    for (const warning of loaded.warnings) log("warn", warning);
    if (needsRestart.length > 0) {
      log("warn", "Changes that need a restart are left out", {
        keys: needsRestart.join(" "),
      });
    }
    if (changed.length > 0) {
      log("info", "The configuration has changed", { keys: changed.join(" ") });
      this.#running = config;
      apply(config, loaded);
    }
    onOutcome({ kind: "accepted", atMs: clock.now() });
  }
}

/**
 * Tells for readiness which configuration is in force.
 *
 * A refused file does not make the daemon unready: the old configuration goes on.
 *
 * @param outcome Last attempt to reload, if there was one.
 */
export function describeReload(outcome: ReloadOutcome | undefined): Condition {
  return { name: "configuration", ok: true, detail: describeOutcome(outcome) };
}

function describeOutcome(outcome: ReloadOutcome | undefined): string {
  if (outcome === undefined) return "as at start";
  const at = new Date(outcome.atMs).toISOString();
  return outcome.kind === "accepted"
    ? `reloaded at ${at}`
    : `the file was refused at ${at}, the configuration before it goes on: ${
      outcome.message.replaceAll("\n", "; ")
    }`;
}
