import type { LoadedConfig, Origin } from "./config.ts";
import { ConfigError, type ConfigIssue } from "./config_error.ts";
import { findContradictions } from "./contradictions.ts";
import { readEnvironmentLayer } from "./environment_layer.ts";
import { readFileLayer } from "./file_layer.ts";
import { type CheckedLayer, type Layer, valuesOf } from "./layer.ts";
import { parseFlags } from "./parse_flags.ts";
import { describeReadError } from "./read_error.ts";
import { decodeConfig, OPTIONS } from "./schema.ts";
import { findWarnings } from "./warnings.ts";

/** What a configuration is made from. */
export interface ConfigInput {
  /** Flags, without a command in front of them. */
  readonly args: readonly string[];
  /** Reads one environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Reads the file that `--config` names. */
  readonly readTextFile: (path: string) => string | Promise<string>;
}

/**
 * Loads the configuration: defaults, then the environment, then the file, then flags.
 *
 * The environment only fills what the file and the flags leave out. Called again with
 * the same input, it reads the file again.
 *
 * @param input Flags, environment and files.
 * @returns The effective configuration with the origin of each value.
 * @throws {ConfigError} If anything is wrong, listing all of it: every layer is checked
 * whole, also values that a higher layer would replace.
 */
export async function loadConfig(input: ConfigInput): Promise<LoadedConfig> {
  const flags = parseFlags(input.args);
  const { configFile } = flags;
  const file = await loadFile(configFile, input.readTextFile);
  const environment = readEnvironmentLayer(input.env, {
    file: file.layer,
    flags: flags.layer,
  });
  throwIssues([
    ...flags.issues,
    ...flags.positionals.map(refuseWord),
    ...file.issues,
    ...environment.issues,
  ]);

  const layer: Layer = new Map([
    ...file.layer,
    ...environment.layer,
    ...flags.layer,
  ]);
  const decoded = decodeConfig(valuesOf(layer));
  if (decoded.outcome === "refused") {
    throw new TypeError(
      "Layers that were accepted do not make a configuration",
    );
  }
  const { config } = decoded;
  const origins = new Map(
    OPTIONS.map(({ path }): [string, Origin] => [
      path,
      layer.get(path)?.origin ?? { kind: "default" },
    ]),
  );
  throwIssues(findContradictions(config, origins));
  return { config, origins, warnings: findWarnings(config), file: configFile };
}

async function loadFile(
  file: string | undefined,
  readTextFile: ConfigInput["readTextFile"],
): Promise<CheckedLayer> {
  if (file === undefined) return { layer: new Map(), issues: [] };
  let text: string;
  try {
    text = await readTextFile(file);
  } catch (error) {
    const message = `cannot be read: ${describeReadError(error)}`;
    const issue = { source: file, path: "", message };
    return { layer: new Map(), issues: [issue] };
  }
  return readFileLayer(file, text);
}

function refuseWord(word: string): ConfigIssue {
  return {
    source: "command line",
    path: "",
    message: `${JSON.stringify(word)} belongs to no flag; ` +
      "a switch takes its value behind =, as in --debug=false",
  };
}

function throwIssues(issues: readonly ConfigIssue[]): void {
  if (issues.length > 0) throw new ConfigError(issues);
}
