import type { Config } from "../config/config.ts";
import type { ConnectionOptions } from "../kubernetes/create_connection.ts";

/** Where Kubernetes mounts the service account into every pod. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Says how the configuration wants the API server to be reached.
 *
 * @param config Effective configuration.
 * @param env Reads one environment variable.
 */
export function connectionOptions(
  { kubernetes }: Config,
  env: (name: string) => string | undefined,
): ConnectionOptions {
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
  if (kubeconfig !== undefined) {
    return { kind: "kubeconfig", file: kubeconfig, insecure };
  }
  return {
    kind: "in-cluster",
    host: env("KUBERNETES_SERVICE_HOST") ?? "",
    port: env("KUBERNETES_SERVICE_PORT") ?? "",
    folder: SERVICE_ACCOUNT,
    insecure,
  };
}
