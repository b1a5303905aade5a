import { type Access, type Connection, trimConnection } from "./connection.ts";

/** An API server that is named. */
export interface ServerOptions {
  /** Base URL. */
  readonly url: string;
  /** Bearer token, or the file that holds it; neither sends none. */
  readonly token?: string;
  /** File that holds the token; read for each request. */
  readonly tokenFile?: string;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
}

/** The API server of the pod that we are, with the service account that is mounted into it. */
export interface InClusterOptions {
  /** Address of the API server, as in `KUBERNETES_SERVICE_HOST`. */
  readonly host: string;
  /** Its port, as in `KUBERNETES_SERVICE_PORT`. */
  readonly port: string;
  /** Folder of `token` and `ca.crt`; both are read for each request. */
  readonly folder: string;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
}

/**
 * Prepares the connection to an API server that is named.
 *
 * @param options Which server.
 * @throws If its address is no URL.
 */
export function connectToServer(options: ServerOptions): Connection {
  const { url, token, tokenFile, insecure } = options;
  return trimConnection({
    server: url,
    access: async () => ({
      ...NOTHING,
      headers: bearer(
        tokenFile === undefined ? token : await Deno.readTextFile(tokenFile),
      ),
      insecure: insecure || url.startsWith("http:"),
    }),
  });
}

/**
 * Prepares the connection of a pod to the API server of its cluster.
 *
 * @param options What Kubernetes tells every pod.
 * @throws If that is no address.
 * @see {@link https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/}
 */
export function connectInCluster(options: InClusterOptions): Connection {
  const { host, port, folder, insecure } = options;
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (port === "" || !URL.canParse(url)) {
    throw new Error(
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no API server: not in a pod?",
    );
  }
  return trimConnection({
    server: url,
    access: async () => ({
      ...NOTHING,
      headers: bearer(await Deno.readTextFile(`${folder}/token`)),
      ca: await Deno.readTextFile(`${folder}/ca.crt`),
      insecure,
    }),
  });
}

const NOTHING: Access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};

function bearer(token: string | undefined): Access["headers"] {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
