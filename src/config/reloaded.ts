import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";
import { findContradictions } from "./contradictions.ts";
import type { Option } from "./option.ts";
import { decodeConfig, OPTIONS } from "./schema.ts";
import { valueAt } from "./value_at.ts";

/**
 * Merges what can change at run time into the running configuration.
 *
 * Options that need a restart keep the running value. So does an option whose new value
 * would contradict one that stays: a file that turns interception off and drops the
 * host's address is fine, but half of it is not.
 *
 * @param running The configuration in effect.
 * @param loaded The configuration as loaded anew, free of contradictions.
 * @returns The configuration to run with; the key paths that changed in it, and those
 * that a restart would change, each in the order of the file.
 */
export function mergeReloaded(running: Config, loaded: Config): {
  readonly config: Config;
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
} {
  let config = running;
  const changed: string[] = [];
  const needsRestart: string[] = [];
  for (const option of OPTIONS) {
    const { path } = option;
    const value = valueAt(loaded, path);
    if (isDeepStrictEqual(value, valueAt(running, path))) continue;
    const next = option.isReloadable === true
      ? replaceValue(config, option, value)
      : undefined;
    if (next === undefined || isMoreContradictory(next, config)) {
      needsRestart.push(path);
    } else {
      config = next;
      changed.push(path);
    }
  }
  return { config, changed, needsRestart };
}

function replaceValue(config: Config, changed: Option, value: unknown): Config {
  const values = OPTIONS.map((option): [string, unknown] => [
    option.path,
    option.kind.encode(
      option === changed ? value : valueAt(config, option.path),
    ),
  ]);
  const decoded = decodeConfig(new Map(values));
  if (decoded.outcome === "refused") {
    throw new TypeError(
      `Values of two configurations do not make one: ${changed.path}`,
    );
  }
  return decoded.config;
}

function isMoreContradictory(next: Config, config: Config): boolean {
  const origins = new Map();
  return findContradictions(next, origins).length >
    findContradictions(config, origins).length;
}
