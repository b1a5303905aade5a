import assert from "node:assert/strict";
import type { LoadedConfig } from "../../src/config/config.ts";
import {
  ConfigError,
  type ConfigIssue,
} from "../../src/config/config_error.ts";
import { loadConfig } from "../../src/config/load_config.ts";

/** What a test configures the program with. */
export interface Given {
  readonly yaml?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Loads a configuration, the YAML text as the file `config.yaml`. */
export async function load(given: Given): Promise<LoadedConfig> {
  const { yaml, args = [], env = {} } = given;
  return await loadConfig({
    args: yaml === undefined ? args : ["--config", "config.yaml", ...args],
    env: (name) => env[name],
    readTextFile: (path) => {
      assert.equal(path, "config.yaml");
      return yaml ?? "";
    },
  });
}

/** Loads a configuration that must be refused, and returns why. */
export async function refusal(given: Given): Promise<readonly ConfigIssue[]> {
  try {
    await load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  assert.fail("the configuration was accepted");
}

/** The same as text, one line an issue. */
export async function refusalText(given: Given): Promise<string> {
  return new ConfigError(await refusal(given)).message;
}
