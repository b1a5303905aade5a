import type { Connection } from "./connection.ts";
import type { KubeconfigOptions } from "./kubeconfig_connection.ts";
import {
  connectInCluster,
  connectToServer,
  type InClusterOptions,
  type ServerOptions,
} from "./server_connection.ts";

/** Which API server to use; exactly one way of saying so. */
export type ConnectionOptions =
  | { readonly kind: "server" } & ServerOptions
  | { readonly kind: "kubeconfig" } & KubeconfigOptions
  | { readonly kind: "in-cluster" } & InClusterOptions;

/**
 * Prepares the connection to the API server; nothing is sent yet.
 *
 * @param options Which server.
 * @throws If the kubeconfig cannot be read, or no usable server is named.
 */
export async function createConnection(
  options: ConnectionOptions,
): Promise<Connection> {
  switch (options.kind) {
    case "server":
      return connectToServer(options);
    case "in-cluster":
      return connectInCluster(options);
    case "kubeconfig": {
      // Loaded only here: it brings all of client-node, a quarter of the daemon's memory,
      // and in a cluster there is no kubeconfig.
      const { connectByKubeconfig } = await import(
        "./kubeconfig_connection.ts"
      );
      return connectByKubeconfig(options);
    }
  }
}
