import type { JsonObject } from "./json.ts";
import type { ResourceType } from "./resources.ts";

/** One wrong field of a refused object. */
export interface StatusCause extends JsonObject {
  /** Machine-readable kind of the mistake, such as `FieldValueRequired`. */
  readonly reason: string;
  /** What is wrong, without the field's name. */
  readonly message: string;
  /** Path of the field, such as `metadata.name`. */
  readonly field: string;
}

/** What a Status carries beside its code. */
export interface StatusOptions {
  /** Machine-readable reason; the usual one of the code if left out. */
  readonly reason?: string;
  /** Object or field that the failure is about. */
  readonly details?: JsonObject;
  /** Seconds after which a client may try again. */
  readonly retryAfterSeconds?: number;
  /** Token with which an expired list can go on. */
  readonly continueToken?: string;
}

const USUAL_REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A refusal of the emulated API server, with the Status object that tells it. */
export class KubernetesStatusError extends Error {
  /** HTTP status code. */
  readonly code: number;
  /** Seconds for the Retry-After header, if any. */
  readonly retryAfterSeconds: number | undefined;
  /** The Status object as it stands in a response or an ERROR event. */
  readonly status: JsonObject;

  /**
   * Creates the refusal.
   *
   * @param code HTTP status code.
   * @param message Text of the Status.
   * @param options Reason, details and hints for the client.
   */
  constructor(code: number, message: string, options: StatusOptions = {}) {
    super(message);
    this.name = "KubernetesStatusError";
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    const reason = options.reason ?? USUAL_REASONS[code] ?? "";
    const details = options.retryAfterSeconds === undefined
      ? options.details
      : { ...options.details, retryAfterSeconds: options.retryAfterSeconds };
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: options.continueToken === undefined
        ? {}
        : { continue: options.continueToken },
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/**
 * Refuses a request that cannot be understood (400).
 *
 * @param message What is wrong with it.
 */
export function badRequest(message: string): KubernetesStatusError {
  return new KubernetesStatusError(400, message);
}

/**
 * Reports that an object does not exist (404).
 *
 * @param type Type of the object.
 * @param name Its name.
 */
export function notFound(
  type: ResourceType,
  name: string,
): KubernetesStatusError {
  const { resource } = type;
  const message = `${resource} "${name}" not found`;
  return aboutObject(404, message, { resource, name });
}

/**
 * Reports that a new object's name is taken (409).
 *
 * @param type Type of the object.
 * @param name Its name.
 */
export function alreadyExists(
  type: ResourceType,
  name: string,
): KubernetesStatusError {
  const { resource } = type;
  const subject = { resource, name, reason: "AlreadyExists" };
  return aboutObject(409, `${resource} "${name}" already exists`, subject);
}

/**
 * Reports that an object is not in the state that the request supposes (409).
 *
 * @param subject Resource and name of the object.
 * @param why What does not hold.
 */
export function conflict(
  subject: { readonly resource: string; readonly name: string },
  why: string,
): KubernetesStatusError {
  const { resource, name } = subject;
  const message =
    `Operation cannot be fulfilled on ${resource} "${name}": ${why}`;
  return aboutObject(409, message, subject);
}

/**
 * Refuses an object whose fields break a rule (422).
 *
 * @param subject Kind and name of the object, and the group of its kind if it has one.
 * @param causes Every wrong field, at least one.
 */
export function invalid(
  subject: {
    readonly kind: string;
    readonly name: string;
    readonly group?: string;
  },
  causes: readonly StatusCause[],
): KubernetesStatusError {
  const { kind, name, group } = subject;
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const all = lines.length === 1 ? lines.join() : `[${lines.join(", ")}]`;
  const qualified = group === undefined ? kind : `${kind}.${group}`;
  return new KubernetesStatusError(
    422,
    `${qualified} "${name}" is invalid: ${all}`,
    {
      details: { name: name === "" ? undefined : name, group, kind, causes },
    },
  );
}

function aboutObject(
  code: number,
  message: string,
  subject: {
    readonly resource: string;
    readonly name: string;
    readonly reason?: string;
  },
): KubernetesStatusError {
  const { resource, name, reason } = subject;
  return new KubernetesStatusError(code, message, {
    ...(reason === undefined ? {} : { reason }),
    details: { name, kind: resource },
  });
}
