import { jsonSchema } from "../config/json_schema.ts";
import { loadConfig } from "../config/load_config.ts";
import { printConfig } from "../config/print_config.ts";
import { CLUSTER_ENVIRONMENT } from "./cluster_environment.ts";
import type { Io } from "./io.ts";
import { type Command, groupCommand, UsageError } from "./command.ts";

const USAGE = `Usage:
  saassigner config print [flags]
      Print the effective configuration with the origin of each value
  saassigner config check FILE
      Check a configuration file; exit code 0 if it is fine, 2 if not
  saassigner config schema
      Print the JSON Schema of the configuration file
`;

/** Commands about the configuration. */
export const CONFIG_COMMAND: Command = groupCommand({
  name: "config",
  usage: USAGE,
  subcommands: { print: printEffective, check: checkFile, schema: printSchema },
});

async function printEffective(
  args: readonly string[],
  io: Io,
): Promise<number> {
  const { env, readTextFile } = io;
  const loaded = await loadConfig({ args, env, readTextFile });
  for (const warning of loaded.warnings) io.err(`warning: ${warning}\n`);
  io.out(printConfig(loaded));
  return 0;
}

async function checkFile(args: readonly string[], io: Io): Promise<number> {
  const [file, ...rest] = args;
  if (file === undefined || file.startsWith("-") || rest.length > 0) {
    throw new UsageError("config check takes exactly one FILE");
  }
  const loaded = await loadConfig({
    args: [`--config=${file}`],
    env: (name) => CLUSTER_ENVIRONMENT.get(name),
    readTextFile: io.readTextFile,
  });
  for (const warning of loaded.warnings) {
    io.err(`${file}: warning: ${warning}\n`);
  }
  io.out(`${file}: ok\n`);
  return 0;
}

function printSchema(args: readonly string[], io: Io): Promise<number> {
  if (args.length > 0) {
    throw new UsageError("config schema takes no arguments");
  }
  io.out(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
  return Promise.resolve(0);
}
