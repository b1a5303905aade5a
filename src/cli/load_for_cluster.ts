import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { CLUSTER_ENVIRONMENT } from "./cluster_environment.ts";
import type { Io } from "./io.ts";

/**
 * Loads the configuration of the daemons of a cluster on a machine that is no node of it.
 *
 * @param args Flags.
 * @param io Where to read.
 * @throws {ConfigError} If it cannot be used.
 */
export async function loadForCluster(
  args: readonly string[],
  { readTextFile }: Pick<Io, "readTextFile">,
): Promise<Config> {
  const env = (name: string): string | undefined =>
    CLUSTER_ENVIRONMENT.get(name);
  const { config } = await loadConfig({ args, env, readTextFile });
  return config;
}
