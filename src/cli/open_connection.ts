import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import type { Connection } from "../kubernetes/connection.ts";
import {
  type ConnectionOptions,
  createConnection,
} from "../kubernetes/create_connection.ts";
import { describeError } from "../telemetry/log.ts";
import { connectionOptions } from "./connection_options.ts";
import type { Io } from "./io.ts";

/**
 * Prepares the connection to the API server that the configuration wants; nothing is sent
 * yet.
 *
 * @param config Effective configuration.
 * @param io Tells whether this is a pod.
 * @throws {ConfigError} If there is no API server, or its kubeconfig cannot be used.
 */
export async function openConnection(
  config: Config,
  io: Pick<Io, "env">,
): Promise<Connection> {
  const options = connectionOptions(config, io.env);
  if (options.kind === "in-cluster" && !io.env("KUBERNETES_SERVICE_HOST")) {
    throw new ConfigError([{
      source: "",
      path: "",
      message: "No API server: give --api-server URL or --kubeconfig FILE, " +
        "or run in a cluster, where KUBERNETES_SERVICE_HOST is set",
    }]);
  }
  try {
    return await createConnection(options);
  } catch (cause) {
    throw new ConfigError([{
      source: sourceOf(options),
      path: "kubernetes",
      message: `cannot be used: ${describeError(cause)}`,
    }], { cause });
  }
}

function sourceOf(options: ConnectionOptions): string {
  return options.kind === "kubeconfig" ? options.file : options.kind;
}
