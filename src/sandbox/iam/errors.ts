import type { Answer } from "../loopback_server.ts";

/** One wrong field of a request. */
export interface FieldViolation {
  /** Path of the field; left out when the payload as a whole is wrong. */
  readonly field?: string;
  /** What is wrong. */
  readonly description: string;
}

/** The machine-readable reason of an error. */
export interface GoogleErrorInfo {
  /** Stable reason, such as `IAM_PERMISSION_DENIED`. */
  readonly reason: string;
  /** Who defines the reason. */
  readonly domain: "googleapis.com" | "iam.googleapis.com";
  /** What the reason is about. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Full name of the API service. */
export const IAM_CREDENTIALS_SERVICE = "iamcredentials.googleapis.com";

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/**
 * Makes a JSON answer with the header block of a Google API.
 *
 * @param status HTTP status.
 * @param value Body.
 * @param options Header fields of this answer alone.
 */
export function createGoogleAnswer(
  status: number,
  value: unknown,
  options: { readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  return {
    status,
    headers: {
      "Content-Type": "application/json; charset=UTF-8",
      Vary: "Origin, X-Origin, Referer",
      Server: "scaffolding on HTTPServer2",
      "X-XSS-Protection": "0",
      "X-Frame-Options": "SAMEORIGIN",
      "X-Content-Type-Options": "nosniff",
      ...options.headers,
    },
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}

/**
 * Makes an error in Google's envelope.
 *
 * @param code HTTP status; the canonical status follows from it.
 * @param message What is wrong.
 * @param options Reason, further details and header fields.
 */
export function createGoogleError(code: number, message: string, options: {
  readonly info?: GoogleErrorInfo;
  readonly details?: readonly Readonly<Record<string, unknown>>[];
  readonly headers?: Readonly<Record<string, string>>;
} = {}): Answer {
  const details = [...options.details ?? []];
  if (options.info !== undefined) {
    details.push({
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      ...options.info,
    });
  }
  const error = { code, message, status: statuses[code] ?? "UNKNOWN" };
  const body = { error: details.length === 0 ? error : { ...error, details } };
  return createGoogleAnswer(code, body, { headers: options.headers ?? {} });
}

/**
 * Makes the error for a payload that does not fit the request message.
 *
 * @param violations What is wrong, at least one.
 */
export function createPayloadError(
  violations: readonly FieldViolation[],
): Answer {
  return createGoogleError(
    400,
    violations.map((one) => one.description).join("\n"),
    {
      details: [{
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: violations,
      }],
    },
  );
}

/** Makes the error for a value that the service itself rejects. */
export function createArgumentError(): Answer {
  return createGoogleError(400, "Request contains an invalid argument.");
}

/**
 * Makes the error of an overloaded or failing service.
 *
 * @param code HTTP status.
 */
export function createServiceError(code: number): Answer {
  if (code !== 429) return createGoogleError(code, "This error was ordered.");
  return createGoogleError(
    429,
    "Quota exceeded for generate credential requests per minute.",
    {
      info: {
        reason: "RATE_LIMIT_EXCEEDED",
        domain: "googleapis.com",
        metadata: {
          service: IAM_CREDENTIALS_SERVICE,
          quota_limit: "GenerateCredentialsRequestsPerMinutePerProject",
        },
      },
    },
  );
}

/** Makes the page that Google's front end shows for a method or path that no API has. */
export function createFrontEndNotFound(): Answer {
  return {
    status: 404,
    headers: {
      "Content-Type": "text/html; charset=UTF-8",
      "Referrer-Policy": "no-referrer",
    },
    body:
      "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)</title>\n" +
      "<p><b>404.</b> The requested URL was not found on this server.\n</html>\n",
  };
}
