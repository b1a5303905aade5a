import { ConfigError } from "../config/config_error.ts";
import type { LoadedConfig } from "../config/config.ts";
import { jsonSchema } from "../config/json_schema.ts";
import { loadConfig } from "../config/load_config.ts";
import { parseFlags } from "../config/parse_flags.ts";
import { printConfig } from "../config/print_config.ts";
import type { Io } from "./io.ts";

const USAGE = `Usage:
  saassigner config print [flags]
      Print the effective configuration with the origin of each value
  saassigner config check FILE
      Check a configuration file; exit code 0 if it is fine, 2 if not
  saassigner config schema
      Print the JSON Schema of the configuration file
`;

/**
 * What the manifests give the daemon, with made-up values: a file is checked as it will
 * be used in a cluster, and the environment of this machine says nothing about that.
 */
const CLUSTER_ENVIRONMENT: ReadonlyMap<string, string> = new Map([
  ["NODE_NAME", "node"],
  // Reserved for documentation (RFC 5737), so that no file names it by chance.
  ["HOST_IP", "192.0.2.1"],
]);

/**
 * Runs `config print`, `config check` or `config schema`.
 *
 * @param args Arguments behind the word `config`.
 * @param io Where to read and write.
 * @returns Exit code: 0, or 2 for wrong usage or a bad configuration.
 */
export async function runConfig(
  args: readonly string[],
  io: Io,
): Promise<number> {
  const [subcommand, ...rest] = args;
  if (parseFlags(args).help) {
    io.out(USAGE);
    return 0;
  }
  switch (subcommand) {
    case "print":
      return await printEffective(rest, io);
    case "check":
      return await checkFile(rest, io);
    case "schema":
      return printSchema(rest, io);
    default:
      return refuseUsage(
        subcommand === undefined
          ? "config needs one of print, check and schema"
          : `config ${
            JSON.stringify(subcommand)
          } is unknown; expected print, check or schema`,
        io,
      );
  }
}

async function printEffective(
  args: readonly string[],
  io: Io,
): Promise<number> {
  const loaded = await load(args, io);
  if (loaded === undefined) return 2;
  for (const warning of loaded.warnings) io.err(`warning: ${warning}\n`);
  io.out(printConfig(loaded));
  return 0;
}

async function checkFile(args: readonly string[], io: Io): Promise<number> {
  const [file, ...rest] = args;
  if (file === undefined || file.startsWith("-") || rest.length > 0) {
    return refuseUsage("config check takes exactly one FILE", io);
  }
  const loaded = await load([`--config=${file}`], {
    ...io,
    env: (name) => CLUSTER_ENVIRONMENT.get(name),
  });
  if (loaded === undefined) return 2;
  for (const warning of loaded.warnings) {
    io.err(`${file}: warning: ${warning}\n`);
  }
  io.out(`${file}: ok\n`);
  return 0;
}

function printSchema(args: readonly string[], io: Io): number {
  if (args.length > 0) {
    return refuseUsage("config schema takes no arguments", io);
  }
  io.out(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
  return 0;
}

/** Loads the configuration, or prints what is wrong with it. */
async function load(
  args: readonly string[],
  io: Io,
): Promise<LoadedConfig | undefined> {
  try {
    const { env, readTextFile } = io;
    return await loadConfig({ args, env, readTextFile });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return undefined;
  }
}

function refuseUsage(message: string, io: Io): number {
  io.err(`${message}\n${USAGE}`);
  return 2;
}
