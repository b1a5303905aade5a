/** One request as the HTTP server hands it over, before anything is decoded. */
export interface RawRequest {
  /** Method as sent. */
  readonly method: string;
  /** `http://` + Host + target as sent, or an absolute target as sent: what `Deno.serve` gives. */
  readonly url: string;
  /** Headers; `get` joins a repeated one by `, `. */
  readonly headers: {
    get(name: string): string | null;
    forEach(visit: (value: string, name: string) => void): void;
  };
}

/** The header fields that mean something to us; `undefined` where a request has none. */
export interface RequestFields {
  /** `Host`. */
  host: string | undefined;
  /** `Metadata-Flavor`. */
  flavor: string | undefined;
  /** `Connection`. */
  connection: string | undefined;
  /** `X-Forwarded-For`. */
  forwardedFor: string | undefined;
  /** `Transfer-Encoding`. */
  transferEncoding: string | undefined;
  /** `Content-Length`. */
  contentLength: string | undefined;
  /** `traceparent`. */
  traceparent: string | undefined;
  /** Size of all fields as they stand on the wire, one line each. */
  size: number;
}

/** One request, with what the gate looks at. */
export interface ReceivedRequest {
  /** Method as sent. */
  readonly method: string;
  /** Path and query as sent, or `undefined` if they cannot be told for certain. */
  readonly target: string | undefined;
  /** Header fields. */
  readonly fields: Readonly<RequestFields>;
}

/**
 * Reads a request. Headers that it does not have are not asked for: each question costs
 * more than the answer is worth.
 *
 * @param request The request as received.
 */
export function receive(request: RawRequest): ReceivedRequest {
  const fields: RequestFields = {
    host: undefined,
    flavor: undefined,
    connection: undefined,
    forwardedFor: undefined,
    transferEncoding: undefined,
    contentLength: undefined,
    traceparent: undefined,
    size: 0,
  };
  const { method, url, headers } = request;
  headers.forEach((value, name) => {
    fields.size += name.length + value.length + 4;
    const field = FIELDS.get(name);
    // The value that is passed lacks what was empty: of `""` and `Google` it has `Google`.
    if (field !== undefined) fields[field] = headers.get(name) ?? undefined;
  });
  return { method, target: cutTarget(url, fields.host), fields };
}

const FIELDS: ReadonlyMap<string, Exclude<keyof RequestFields, "size">> =
  new Map([
    ["host", "host"],
    ["metadata-flavor", "flavor"],
    ["connection", "connection"],
    ["x-forwarded-for", "forwardedFor"],
    ["transfer-encoding", "transferEncoding"],
    ["content-length", "contentLength"],
    ["traceparent", "traceparent"],
  ]);

const MAX_HOST = 255;
const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;
const SCHEME = "http://";

/**
 * Cuts the target as sent out of the server's URL text.
 *
 * The Host header stands between `http://` and the target, so one that is not
 * strictly a host could move the cut; an absolute target replaces it, so the cut
 * is made only behind that very Host. A request without Host (HTTP/1.0) gets
 * `localhost:PORT` from the server.
 */
function cutTarget(url: string, host: string | undefined): string | undefined {
  let end: number;
  if (host === undefined) {
    end = /^http:\/\/localhost:\d+/.exec(url)?.[0].length ?? -1;
  } else {
    if (host.length > MAX_HOST || !HOST.test(host)) return undefined;
    if (!url.startsWith(SCHEME)) return undefined;
    if (!url.startsWith(host, SCHEME.length)) return undefined;
    end = SCHEME.length + host.length;
  }
  return end > 0 && url[end] === "/" ? url.slice(end) : undefined;
}
