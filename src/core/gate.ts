import { canonicalAddress } from "./address.ts";

/** One request as the HTTP server hands it over, before anything is decoded. */
export interface RawRequest {
  /** Method as sent. */
  readonly method: string;
  /** `http://` + Host + target as sent, or an absolute target as sent: what `Deno.serve` gives. */
  readonly url: string;
  /** Headers; a repeated one joined by `, `. */
  readonly headers: {
    get(name: string): string | null;
    forEach(visit: (value: string, name: string) => void): void;
  };
}

/** Outcome of {@linkcode gate}. */
export type Gated =
  | {
    readonly outcome: "admit";
    /** Path exactly as sent: nothing in it needs decoding. */
    readonly path: string;
    /** Query exactly as sent, without `?`. */
    readonly query: string;
  }
  | {
    readonly outcome: "refuse";
    readonly status: 400 | 403 | 404 | 405;
    /** What the refusal is for; a label of fixed set. */
    readonly reason: GateReason;
    /** Text for the client. */
    readonly message: string;
  };

/** Why a request is refused by its form alone. */
export type GateReason =
  | "bad-target"
  | "bad-path"
  | "bad-method"
  | "bad-headers"
  | "has-body"
  | "foreign-host"
  | "forwarded"
  | "no-flavor";

/** Names under which the metadata server is known, without a trailing dot. */
const METADATA_HOSTS: readonly string[] = [
  "metadata.google.internal",
  "metadata",
  "metadata.goog",
  "localhost",
];

const MAX_TARGET = 8192;
const MAX_HEADERS = 16_384;
const MAX_HOST = 255;
const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;
const PATH = /^\/[A-Za-z0-9/_.~@!$'()*,:+=-]*$/;
const UNCLEAN = /\/\/|\/\.{1,2}(\/|$)/;
const METHOD = /^[A-Z]+$/;

/**
 * Admits or refuses a request by its form alone, before anyone asks who sent it.
 *
 * Nothing is decoded or normalised: a target that would need it is refused, so
 * that no later reader can understand it differently. Only `/` needs no
 * `Metadata-Flavor`; clients probe it without.
 *
 * @param request The request as received.
 * @param extraHosts Further Host names to accept, in lower case.
 * @returns The path and query to serve, or the refusal.
 */
export function gate(
  request: RawRequest,
  extraHosts: readonly string[] = [],
): Gated {
  const target = cutTarget(request);
  if (target === undefined || target.length > MAX_TARGET) {
    return refuse(400, "bad-target", "Malformed request target");
  }
  const cut = target.indexOf("?");
  const path = cut < 0 ? target : target.slice(0, cut);
  if (!PATH.test(path) || UNCLEAN.test(path)) {
    return refuse(404, "bad-path", "Not Found");
  }
  if (!METHOD.test(request.method)) {
    return refuse(400, "bad-method", "Malformed method");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(405, "bad-method", "Only GET and HEAD are supported");
  }
  if (headerSize(request.headers) > MAX_HEADERS) {
    return refuse(400, "bad-headers", "The headers are too long");
  }
  if (announcesBody(request.headers)) {
    return refuse(400, "has-body", "A request with a body is refused");
  }
  const host = request.headers.get("host");
  if (host !== null && !isKnownHost(host, extraHosts)) {
    return refuse(403, "foreign-host", "The Host header names another server");
  }
  const connection = request.headers.get("connection")?.toLowerCase() ?? "";
  if (
    request.headers.get("x-forwarded-for") !== null ||
    connection.includes("x-forwarded-for")
  ) {
    return refuse(
      403,
      "forwarded",
      "Requests with X-Forwarded-For are refused",
    );
  }
  const flavor = request.headers.get("metadata-flavor");
  if (
    path !== "/" &&
    (flavor !== "Google" || connection.includes("metadata-flavor"))
  ) {
    return refuse(
      403,
      "no-flavor",
      'Missing required header "Metadata-Flavor": "Google"',
    );
  }
  return {
    outcome: "admit",
    path,
    query: cut < 0 ? "" : target.slice(cut + 1),
  };
}

function refuse(
  status: 400 | 403 | 404 | 405,
  reason: GateReason,
  message: string,
): Gated {
  return { outcome: "refuse", status, reason, message };
}

/** Size of all headers as they stand on the wire, one line each. */
function headerSize(headers: RawRequest["headers"]): number {
  let size = 0;
  headers.forEach((value, name) => size += name.length + value.length + 4);
  return size;
}

/** Two readers could disagree where a body ends and the next request begins. */
function announcesBody(headers: RawRequest["headers"]): boolean {
  return headers.get("transfer-encoding") !== null ||
    (headers.get("content-length") ?? "0") !== "0";
}

/**
 * Cuts the target as sent out of the server's URL text.
 *
 * The Host header stands between `http://` and the target, so one that is not
 * strictly a host could move the cut; an absolute target replaces it, so the cut
 * is made only behind that very Host. A request without Host (HTTP/1.0) gets
 * `localhost:PORT` from the server.
 *
 * @param request The request as received.
 * @returns Path and query as sent, or `undefined` if they cannot be told for certain.
 */
export function cutTarget(
  request: Pick<RawRequest, "url"> & {
    readonly headers: Pick<RawRequest["headers"], "get">;
  },
): string | undefined {
  const { url } = request;
  const host = request.headers.get("host") ?? undefined;
  if (host !== undefined && (host.length > MAX_HOST || !HOST.test(host))) {
    return undefined;
  }
  const origin = host === undefined
    ? /^http:\/\/localhost:\d+/.exec(url)?.[0]
    : `http://${host}`;
  if (origin === undefined || !url.startsWith(`${origin}/`)) return undefined;
  return url.slice(origin.length);
}

/** An address in place of a name is fine: rebinding, which this refuses, needs a name. */
function isKnownHost(host: string, extraHosts: readonly string[]): boolean {
  const name = host.replace(/:[0-9]+$/, "").replace(/\.$/, "").toLowerCase();
  if (METADATA_HOSTS.includes(name) || extraHosts.includes(name)) return true;
  return canonicalAddress(name.replace(/^\[(.*)\]$/, "$1")) !== undefined;
}
