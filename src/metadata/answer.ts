import { encodeQuery, type Query } from "../core/query.ts";
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
  /** Whether this very object may answer many requests; then what is written is kept with it. */
  readonly isShared?: boolean;
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
 * @returns The same object as long as both are the same.
 */
export function tokenAnswer(token: Token, secondsLeft: number): Answer {
  const last = lastAnswers.get(token);
  if (last?.secondsLeft === secondsLeft) return last.answer;
  const value = JSON.stringify(token.value);
  const answer: Answer = {
    status: 200,
    contentType: JSON_TYPE,
    body:
      `{"access_token":${value},"expires_in":${secondsLeft},"token_type":"Bearer"}`,
    headers: NO_STORE,
    isShared: true,
  };
  lastAnswers.set(token, { secondsLeft, answer });
  return answer;
}

/** A busy node asks for a token many times a second, and its answer changes once. */
const lastAnswers = new WeakMap<
  Token,
  { readonly secondsLeft: number; readonly answer: Answer }
>();

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
