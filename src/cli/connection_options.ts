import type { Config } from "../config/config.ts";
import type { ConnectionOptions } from "../kubernetes/connection.ts";

/**
 * Says how the configuration wants the API server to be reached.
 *
 * @param config Effective configuration.
 */
export function connectionOptions({ kubernetes }: Config): ConnectionOptions {
  const { apiServer, apiToken, apiTokenFile, kubeconfig, insecure } =
    kubernetes;
  if (apiServer !== undefined) {
    return {
      kind: "server",
      url: apiServer,
      insecure,
      ...(apiToken === undefined ? {} : { token: apiToken }),
      ...(apiTokenFile === undefined ? {} : { tokenFile: apiTokenFile }),
    };
  }
  return kubeconfig === undefined
    ? { kind: "in-cluster", insecure }
    : { kind: "kubeconfig", file: kubeconfig, insecure };
}
