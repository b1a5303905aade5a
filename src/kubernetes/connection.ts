import { KubeConfig } from "@kubernetes/client-node";

/** Which API server to use; exactly one way of saying so. */
export type ConnectionOptions =
  | {
    readonly kind: "server";
    /** Base URL. */
    readonly url: string;
    /** Bearer token, or the file that holds it; neither sends none. */
    readonly token?: string;
    /** File that holds the token; read for each request. */
    readonly tokenFile?: string;
    /** Do not verify the server's certificate. */
    readonly insecure: boolean;
  }
  | {
    readonly kind: "kubeconfig";
    /** Path of the file. */
    readonly file: string;
    /** Do not verify the server's certificate. */
    readonly insecure: boolean;
  }
  /** The service account that Kubernetes mounts into every pod. */
  | { readonly kind: "in-cluster"; readonly insecure: boolean };

/** What a request to the API server needs, read afresh for each. */
export interface Access {
  /** Headers that authenticate us. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificate authority in PEM, if not the system's. */
  readonly ca: string | undefined;
  /** Client certificate and key in PEM. */
  readonly certificate:
    | { readonly cert: string; readonly key: string }
    | undefined;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
}

/** Where the API server is, and how to be let in. */
export interface Connection {
  /** Base URL, without trailing slash. */
  readonly server: string;
  /**
   * Reads the credentials.
   *
   * @throws If a token or certificate file cannot be read.
   */
  access(): Promise<Access>;
}

/**
 * Prepares the connection to the API server; nothing is sent yet.
 *
 * @param options Which server.
 * @throws If the kubeconfig cannot be read, or no usable server is named.
 */
export function createConnection(options: ConnectionOptions): Connection {
  const load = loaderOf(options);
  const server = load().getCurrentCluster()?.server;
  if (server === undefined) {
    throw new Error("The kubeconfig's current context names no cluster");
  }
  if (!URL.canParse(server)) {
    throw new Error(
      options.kind === "in-cluster"
        ? "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no API server: not in a pod?"
        : `The API server's address is no URL: ${server}`,
    );
  }
  return {
    server: server.replace(/\/+$/, ""),
    access: () => readAccess(load(), options.insecure),
  };
}

/**
 * A fresh configuration reads its token file afresh; one from a kubeconfig is
 * kept, because it caches what credential plugins answered.
 */
function loaderOf(options: ConnectionOptions): () => KubeConfig {
  if (options.kind === "kubeconfig") {
    const config = new KubeConfig();
    config.loadFromFile(options.file);
    const cluster = config.getCurrentCluster();
    if (cluster && !config.getCurrentUser()) {
      // Without a user, client-node passes over the cluster's authority too.
      config.loadFromClusterAndUser(cluster, { name: "nobody" });
    }
    return () => config;
  }
  return () => {
    const config = new KubeConfig();
    if (options.kind === "in-cluster") {
      config.loadFromCluster();
      return config;
    }
    const { url, token, tokenFile, insecure } = options;
    config.loadFromClusterAndUser(
      {
        name: "server",
        server: url,
        skipTLSVerify: insecure || url.startsWith("http:"),
      },
      {
        name: "user",
        ...(token === undefined ? {} : { token }),
        ...(tokenFile === undefined
          ? {}
          : { authProvider: { name: "tokenFile", config: { tokenFile } } }),
      },
    );
    return config;
  };
}

/** Checked here, because the runtime's own error would quote the token. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

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
    if (typeof value !== "string") continue;
    // A token file may end in a newline, which no header may hold.
    const line = value.trim();
    if (!HEADER_VALUE.test(line)) {
      throw new Error(
        `The ${name} header would hold more than one line of text`,
      );
    }
    headers[name] = line;
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
