import { Buffer } from "node:buffer";
import { encodeQuery, type Query } from "../core/query.ts";
import { remember } from "../core/remember.ts";
import type { Reason } from "../core/reason.ts";
import type { Token } from "../core/token.ts";

/** An answer before it is written as HTTP. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Content type, exactly as clients compare it. */
  readonly contentType: string;
  /** The whole body. */
  readonly body: string;
  /** Headers beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it is a refusal, for log and metric. */
  readonly reason?: string | undefined;
  /** What went wrong underneath; for the log only. */
  readonly cause?: unknown;
}

const JSON_TYPE = "application/json";
const NO_STORE = { "Cache-Control": "no-store" };
const HTML = "text/html";

/**
 * Answers with JSON that is encoded already, and changes with each request.
 *
 * @param body JSON text.
 */
export function jsonTextAnswer(body: string): Answer {
  return { status: 200, contentType: JSON_TYPE, body };
}

/**
 * Answers with an access token, which no cache may keep.
 *
 * @param token The token.
 * @param secondsLeft Whole seconds that it may still be used.
 */
export function tokenAnswer(token: Token, secondsLeft: number): Answer {
  return {
    status: 200,
    contentType: JSON_TYPE,
    body: `${startOf(token)}${secondsLeft},"token_type":"Bearer"}`,
    headers: NO_STORE,
  };
}

/** What does not change of the answers with a token, as long as that lives. */
const starts = new WeakMap<Token, string>();

function startOf(token: Token): string {
  let start = starts.get(token);
  if (start === undefined) {
    start = `{"access_token":${JSON.stringify(token.value)},"expires_in":`;
    starts.set(token, start);
  }
  return start;
}

/**
 * Answers with text that holds a token; it has no entity tag and no cache may keep it.
 *
 * @param body The token, bare or as lines.
 * @param contentType ID tokens are sent as `text/html`, which older Ruby clients insist on.
 */
export function tokenTextAnswer(
  body: string,
  contentType: "text/html" | "application/text",
): Answer {
  return {
    status: 200,
    contentType,
    body,
    headers: NO_STORE,
  };
}

/**
 * Sends the client to a directory's name with a slash.
 *
 * @param location Path only: the Host header must not find its way into an answer.
 * @param query Parsed query, of which what matters to a directory is kept.
 */
export function redirectAnswer(location: string, query: Query): Answer {
  const kept = encodeQuery(query, [
    "alt",
    "recursive",
    "wait_for_change",
    "timeout_sec",
  ]);
  return {
    status: 301,
    contentType: HTML,
    body: location,
    headers: { "Location": location + kept },
  };
}

/**
 * Refuses in plain text, without a reason code.
 *
 * @param status HTTP status.
 * @param message What is wrong; a newline is added.
 * @param options Label for log and metric.
 */
export function plainRefusal(
  status: number,
  message: string,
  options: { readonly reason: string },
): Answer {
  return {
    status,
    contentType: "text/plain; charset=utf-8",
    body: `${message}\n`,
    reason: options.reason,
    ...(status === 405 ? { headers: { "Allow": "GET, HEAD" } } : {}),
  };
}

/** Answers that nothing is there that a pod may see. */
export function notFound(): Answer {
  return plainRefusal(404, "Not Found", { reason: "not-found" });
}

/** Status of each reason: 503 invites the client to try again, 403 and 404 do not. */
const STATUS: Readonly<Record<Reason, number>> = {
  "unknown-caller": 503,
  "ambiguous-caller": 503,
  "host-network": 403,
  "not-synced": 503,
  "stale": 503,
  "no-account": 404,
  "account-malformed": 403,
  "scopes-malformed": 403,
  "namespace-denied": 403,
  "namespace-list-malformed": 403,
  "account-mismatch": 404,
  "iam-denied": 403,
  "iam-unavailable": 503,
  "node-credentials": 503,
  "overload": 503,
};

/**
 * Refuses for a stable reason, in the form that Google's clients parse.
 *
 * @param reason Why; it decides the status.
 * @param message One sentence that the pod may read.
 * @param options `cause` is for the log only.
 */
export function refusal(
  reason: Reason,
  message: string,
  options?: { readonly cause?: unknown },
): Answer {
  const status = STATUS[reason];
  return {
    status,
    contentType: JSON_TYPE,
    body: JSON.stringify({
      error: errorOf(reason),
      error_description: message,
      reason,
    }),
    reason,
    cause: options?.cause,
    ...(status === 503 ? { headers: { "Retry-After": "1" } } : {}),
  };
}

/** The words that clients know from the metadata server and OAuth, where there are any. */
function errorOf(reason: Reason): string {
  switch (STATUS[reason]) {
    case 404:
      return "invalid_request";
    case 403:
      return "access_denied";
    default:
      return "temporarily_unavailable";
  }
}

/**
 * Refuses a parameter.
 *
 * @param message What is wrong.
 */
export function badParameter(message: string): Answer {
  return {
    status: 400,
    contentType: HTML,
    body: message,
    reason: "bad-parameter",
  };
}

/** How an answer is written. */
export interface ResponseOptions {
  /** Method of the request; HEAD gets the headers alone. */
  readonly method: string;
  /** Whether the client is to close the connection after it. */
  readonly isLast: boolean;
}

/**
 * Writes an answer as HTTP.
 *
 * The header object stays a plain one: from `Headers` the runtime sends names in
 * lower case, and gRPC compares `Metadata-Flavor` byte for byte.
 *
 * @param answer What to answer.
 * @param options Method, and whether it is the last of its connection.
 */
export function toResponse(
  answer: Answer,
  { method, isLast }: ResponseOptions,
): Response {
  const { body, status } = answer;
  let headers = headersOf(answer);
  if (isLast) headers = { ...headers, "Connection": "close" };
  if (method !== "HEAD") return new Response(body, { status, headers });
  // The runtime tells the length of what it sends, and here that is nothing.
  const length = String(Buffer.byteLength(body));
  return new Response(null, {
    status,
    headers: { ...headers, "Content-Length": length },
  });
}

type HeaderObject = Readonly<Record<string, string>>;

function headersOf({ contentType, headers }: Answer): HeaderObject {
  if (headers === undefined) return usualHeaders(contentType);
  if (headers === NO_STORE) return uncachedHeaders(contentType);
  return { ...usualHeaders(contentType), ...headers };
}

const usualHeaders = remember<HeaderObject>((contentType) => ({
  "Metadata-Flavor": "Google",
  "Content-Type": contentType,
  "Server": "k8s-gke-service-account-assigner",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "X-XSS-Protection": "0",
}), { most: 64 });

const uncachedHeaders = remember<HeaderObject>(
  (contentType) => ({ ...usualHeaders(contentType), ...NO_STORE }),
  { most: 64 },
);
