import { KubeConfig } from "@kubernetes/client-node";
import { type Access, type Connection, trimConnection } from "./connection.ts";

/** A file that says where the API server is, as `kubectl` reads it. */
export interface KubeconfigOptions {
  /** Path of the file. */
  readonly file: string;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
}

/**
 * Prepares the connection to the cluster of a kubeconfig's current context.
 *
 * The file is read once, because credential plugins' answers are kept with it.
 *
 * @param options Which file.
 * @throws If it cannot be read, or names no usable server.
 */
export function connectByKubeconfig(
  { file, insecure }: KubeconfigOptions,
): Connection {
  const config = new KubeConfig();
  config.loadFromFile(file);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error("The kubeconfig's current context names no cluster");
  }
  if (!config.getCurrentUser()) {
    // Without a user, client-node passes over the cluster's authority too.
    config.loadFromClusterAndUser(cluster, { name: "nobody" });
  }
  return trimConnection({
    server: cluster.server,
    access: () => readAccess(config, insecure),
  });
}

async function readAccess(
  config: KubeConfig,
  insecure: boolean,
): Promise<Access> {
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] & {
    auth?: string;
  } = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name] = value;
  }
  if (typeof options.auth === "string") {
    headers["Authorization"] = `Basic ${
      new TextEncoder().encode(options.auth).toBase64()
    }`;
  }
  const { ca, cert, key } = options;
  return {
    headers,
    ca: ca === undefined ? undefined : String(ca),
    certificate: cert === undefined || key === undefined
      ? undefined
      : { cert: String(cert), key: String(key) },
    insecure: insecure || options.rejectUnauthorized === false,
  };
}
