import { canonicalAddress } from "./address.ts";
import type { ReceivedRequest } from "./received_request.ts";
import { remember } from "./remember.ts";

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
  { method, target, fields }: ReceivedRequest,
  extraHosts: readonly string[] = [],
): Gated {
  if (target === undefined || target.length > MAX_TARGET) {
    return refuse(400, "bad-target", "Malformed request target");
  }
  const cut = target.indexOf("?");
  const path = cut < 0 ? target : target.slice(0, cut);
  if (!isClean(path)) return refuse(404, "bad-path", "Not Found");
  if (method !== "GET" && method !== "HEAD") {
    return METHOD.test(method)
      ? refuse(405, "bad-method", "Only GET and HEAD are supported")
      : refuse(400, "bad-method", "Malformed method");
  }
  if (fields.size > MAX_HEADERS) {
    return refuse(400, "bad-headers", "The headers are too long");
  }
  if (announcesBody(fields)) {
    return refuse(400, "has-body", "A request with a body is refused");
  }
  const { host } = fields;
  if (host !== undefined && !isKnownHost(host, extraHosts)) {
    return refuse(403, "foreign-host", "The Host header names another server");
  }
  const connection = fields.connection?.toLowerCase() ?? "";
  if (
    fields.forwardedFor !== undefined || connection.includes("x-forwarded-for")
  ) {
    return refuse(
      403,
      "forwarded",
      "Requests with X-Forwarded-For are refused",
    );
  }
  if (
    path !== "/" &&
    (fields.flavor !== "Google" || connection.includes("metadata-flavor"))
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

/** Tells whether nothing in a path needs decoding or could be understood differently. */
const isClean = remember(
  (path) => PATH.test(path) && !UNCLEAN.test(path),
  { most: 1_024 },
);

function refuse(
  status: 400 | 403 | 404 | 405,
  reason: GateReason,
  message: string,
): Gated {
  return { outcome: "refuse", status, reason, message };
}

/** Two readers could disagree where a body ends and the next request begins. */
function announcesBody(
  { transferEncoding, contentLength = "0" }: ReceivedRequest["fields"],
): boolean {
  return transferEncoding !== undefined || contentLength !== "0";
}

function isKnownHost(host: string, extraHosts: readonly string[]): boolean {
  const { name, isOurs } = readHost(host);
  return isOurs || extraHosts.includes(name);
}

/** An address in place of a name is fine: rebinding, which this refuses, needs a name. */
const readHost = remember((host) => {
  const name = host.replace(/:[0-9]+$/, "").replace(/\.$/, "").toLowerCase();
  const isOurs = METADATA_HOSTS.includes(name) ||
    canonicalAddress(name.replace(/^\[(.*)\]$/, "$1")) !== undefined;
  return { name, isOurs };
}, { most: 1_024 });
