import type { LoadedConfig } from "../../config/config.ts";
import { ConfigError } from "../../config/config_error.ts";
import { loadConfig } from "../../config/load_config.ts";
import { parseFlags } from "../../config/parse_flags.ts";
import type { Io } from "../io.ts";
import { failed, type Finding, ok, warning } from "./finding.ts";

const NAME = "configuration";

/** Where the manifests mount the daemon's configuration. */
const MOUNTED = "/etc/saassigner/config.yaml";

/** A configuration, or what is wrong with it. */
export type Loading =
  | { readonly kind: "loaded"; readonly loaded: LoadedConfig }
  | { readonly kind: "refused"; readonly error: ConfigError };

/**
 * Loads the configuration that the daemon of this container has: without `--config`, the
 * file that the manifests mount, if it is there.
 *
 * @param args Flags.
 * @param io Environment and files.
 * @throws {ConfigError} If it is the flags that are wrong.
 */
export async function loadDaemonConfig(
  args: readonly string[],
  { env, readTextFile }: Io,
): Promise<Loading> {
  const isNamed = parseFlags(args).configFile !== undefined;
  const flags = !isNamed && await isReadable(MOUNTED, readTextFile)
    ? [`--config=${MOUNTED}`, ...args]
    : args;
  try {
    return {
      kind: "loaded",
      loaded: await loadConfig({ args: flags, env, readTextFile }),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isUsage = error.issues.every(({ source }) =>
      source.startsWith("-") || source === "command line"
    );
    if (isUsage) throw error;
    return { kind: "refused", error };
  }
}

async function isReadable(
  path: string,
  readTextFile: Io["readTextFile"],
): Promise<boolean> {
  try {
    await readTextFile(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Judges the configuration.
 *
 * @param loading What came of loading it.
 */
export function judgeConfiguration(loading: Loading): readonly Finding[] {
  if (loading.kind === "refused") {
    return loading.error.message.split("\n").map((line) =>
      failed(NAME, line, "Correct it; saassigner config check FILE tells more")
    );
  }
  const { file, warnings } = loading.loaded;
  const origin = file ?? "no file: defaults, environment and flags";
  return [
    ok(NAME, origin),
    ...warnings.map((each) =>
      warning(NAME, each, "Change it, unless it is meant so")
    ),
  ];
}
