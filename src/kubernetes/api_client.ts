import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import type { Access, Connection } from "./connection.ts";
import { Transport, type TransportResponse } from "./transport.ts";

/** Thrown when the API server answers with an error status. */
export class KubernetesApiError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Time for which the server wants no further request, in milliseconds; 0 if it says nothing. */
  readonly retryAfterMs: number;

  /**
   * Creates the error.
   *
   * @param message What was asked, and what the server said.
   * @param answer HTTP status, and value of the `Retry-After` header: the API server
   * sends a number of seconds.
   */
  constructor(
    message: string,
    answer: {
      readonly status: number;
      readonly retryAfter?: string | undefined;
    },
  ) {
    super(message);
    this.name = "KubernetesApiError";
    this.status = answer.status;
    const { retryAfter = "" } = answer;
    this.retryAfterMs = /^\d{1,6}$/.test(retryAfter)
      ? Number(retryAfter) * 1000
      : 0;
  }
}

/** What {@linkcode ApiClient} needs. */
export interface ApiClientOptions {
  /** Where the server is. */
  readonly connection: Connection;
  /** Time, for the deadline of a list. */
  readonly clock: Clock;
  /** Sent with each request. */
  readonly userAgent: string;
  /** Told of each answer's `Date` header as soon as it is there. */
  readonly onDate?: (date: string | undefined) => void;
}

/** A change that the API server is asked for. */
export interface ApiWrite {
  /** `POST` creates what the body holds; `PATCH` merges the body into an object (RFC 7396). */
  readonly method: "POST" | "PATCH";
  /** Absolute path with its query. */
  readonly path: string;
  /** What is sent as JSON. */
  readonly body: object;
}

const DEADLINE_MS = 30_000;
const MAX_ERROR_TEXT = 300;
const MAX_ERROR_BODY = 65_536;

type ApiRequest = { readonly method: "GET"; readonly path: string } | ApiWrite;

/** Media type of the body that goes with each method. */
const CONTENT_TYPES = {
  POST: "application/json",
  PATCH: "application/merge-patch+json",
} as const;

/** Reads from the Kubernetes API, and writes to it. */
export class ApiClient implements Disposable {
  readonly #options: ApiClientOptions;
  readonly #transport = new Transport();

  /**
   * Creates a client; nothing is sent yet.
   *
   * @param options Server and collaborators.
   */
  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /**
   * Reads one object or list, within 30 s.
   *
   * @param path Absolute path with its query.
   * @param signal Ends the request.
   * @returns The decoded JSON body.
   * @throws {KubernetesApiError} If the server answers with another status than 200.
   */
  async read(path: string, signal: AbortSignal): Promise<unknown> {
    return await this.#exchange({ method: "GET", path }, signal);
  }

  /**
   * Creates or patches one object, within 30 s. Sent once: after a failure without a
   * status, the server may have done it all the same.
   *
   * @param write What to send, and where.
   * @param signal Ends the request.
   * @returns The decoded JSON body: the object as the server has it now.
   * @throws {KubernetesApiError} If the server answers with another status than 200 or 201.
   */
  async send(write: ApiWrite, signal: AbortSignal): Promise<unknown> {
    return await this.#exchange(write, signal);
  }

  /**
   * Opens a stream; it has no deadline of its own.
   *
   * @param path Absolute path with its query.
   * @param signal Ends the stream.
   * @returns The body as it arrives.
   * @throws {KubernetesApiError} If the server answers with another status than 200.
   */
  async stream(
    path: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#send({ method: "GET", path }, signal)).body;
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    const deadline = startDeadline(this.#options.clock, {
      ms: DEADLINE_MS,
      reason: () => new Error("The API server did not answer in time"),
      outer: signal,
    });
    try {
      const response = await this.#send(request, deadline.signal);
      return JSON.parse(await readText(response.body));
    } finally {
      deadline.stop();
    }
  }

  async #send(
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<TransportResponse> {
    const { connection, userAgent, onDate } = this.#options;
    const { method, path } = request;
    const access = await connection.access();
    const response = await this.#transport.send({
      method,
      url: connection.server + path,
      headers: {
        ...access.headers,
        "Accept": "application/json",
        "User-Agent": userAgent,
        ...("body" in request
          ? { "Content-Type": CONTENT_TYPES[request.method] }
          : {}),
      },
      ...("body" in request ? { body: JSON.stringify(request.body) } : {}),
      signal,
    }, access);
    onDate?.(response.date);
    const { status } = response;
    if (status === 200 || (status === 201 && method === "POST")) {
      return response;
    }
    const text = await readText(response.body, MAX_ERROR_BODY).catch(() => "");
    const message = messageOf(conceal(text, access));
    throw new KubernetesApiError(
      `${method} ${path.replace(/\?.*/, "")} answered ${status}: ${message}`,
      response,
    );
  }

  /** Closes the kept connections. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}

async function readText(
  body: AsyncIterable<Uint8Array>,
  maxLength = Infinity,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxLength) break;
  }
  return text + decoder.decode();
}

/** Some proxies show in an error page what they were sent. */
function conceal(text: string, access: Access): string {
  const secret = access.headers["Authorization"]?.replace(/^\S+ +/, "");
  return secret ? text.replaceAll(secret, "[redacted]") : text;
}

/** The message of a `Status` object, or the text as it is. */
function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (
      typeof status === "object" && status !== null &&
      "message" in status && typeof status.message === "string"
    ) {
      return status.message.slice(0, MAX_ERROR_TEXT);
    }
  } catch {
    // Not every error comes from the API server itself: a proxy may send text.
  }
  return text.slice(0, MAX_ERROR_TEXT);
}
