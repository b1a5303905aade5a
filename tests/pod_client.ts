import http from "node:http";

/** What the daemon answered to a pod. */
export interface PodAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A request as a pod makes it. */
export interface PodRequest {
  /** Address of the pod: a loopback one, which the connection comes from. */
  readonly from: string;
  /** Path below `/computeMetadata/v1/`, or an absolute one. */
  readonly path: string;
  readonly method?: string;
  /** Headers; `Metadata-Flavor: Google` if left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks a daemon on loopback, over a connection of its own. */
export function askAsPod(
  port: number,
  request: PodRequest,
): Promise<PodAnswer> {
  const { path } = request;
  return new Promise((resolve, reject) => {
    const outgoing = http.request({
      host: "127.0.0.1",
      port,
      localAddress: request.from,
      agent: false,
      method: request.method ?? "GET",
      path: path.startsWith("/") ? path : `/computeMetadata/v1/${path}`,
      headers: request.headers ?? { "Metadata-Flavor": "Google" },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      let body = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => body += chunk);
      incoming.on("error", reject);
      incoming.on(
        "end",
        () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body,
          }),
      );
    });
    outgoing.end();
  });
}

/** Path of the caller's access token. */
export const TOKEN = "instance/service-accounts/default/token";

/** Reads the access token out of an answer. */
export function accessToken(answer: PodAnswer): string {
  const fields: unknown = JSON.parse(answer.body);
  if (
    typeof fields === "object" && fields !== null && "access_token" in fields &&
    typeof fields.access_token === "string"
  ) return fields.access_token;
  throw new Error(`No token in ${answer.status} ${answer.body}`);
}

/** Reads the reason code out of a refusal. */
export function reasonOf(answer: PodAnswer): unknown {
  const fields: unknown = JSON.parse(answer.body);
  return typeof fields === "object" && fields !== null && "reason" in fields
    ? fields.reason
    : undefined;
}
