/** What the real metadata server answered. */
export interface UpstreamAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Content type as sent, or `application/text` if none was. */
  readonly contentType: string;
  /** Entity tag as sent, if any. */
  readonly etag: string | undefined;
  /** The whole body. */
  readonly body: string;
}

/** One question to the real metadata server; only a path of our own making is ever sent. */
export interface UpstreamRequest {
  /** Absolute path, starting with `/computeMetadata/v1/`. */
  readonly path: string;
  /** Query parameters to send. */
  readonly query?: ReadonlyMap<string, string>;
  /** Milliseconds to wait for the answer, if not the usual. */
  readonly timeoutMs?: number;
}

/**
 * Asks the real metadata server.
 *
 * @param request What to ask.
 * @param signal Ends the wait.
 * @returns Whatever was answered, errors and redirects too.
 * @throws {UpstreamError} If there was no complete answer.
 */
export type AskUpstream = (
  request: UpstreamRequest,
  signal?: AbortSignal,
) => Promise<UpstreamAnswer>;

/** Thrown when the real metadata server gives no complete answer; `cause` says why. */
export class UpstreamError extends Error {
  /**
   * Creates the error.
   *
   * @param message What was attempted.
   * @param options `cause` is the error underneath.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UpstreamError";
  }
}
