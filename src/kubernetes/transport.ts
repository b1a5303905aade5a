import https from "node:https";
import type { Access } from "./connection.ts";

/** One request to the API server. */
export interface TransportRequest {
  /** HTTP method; `GET` if left out. */
  readonly method?: "GET" | "POST" | "PATCH";
  /** Whole URL. */
  readonly url: string;
  /** Headers, the authenticating ones included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body; none if left out. */
  readonly body?: string;
  /** Ends the request and its body. */
  readonly signal: AbortSignal;
}

/** What came back; the body may still be arriving. */
export interface TransportResponse {
  /** HTTP status. */
  readonly status: number;
  /** Value of the `Retry-After` header, if there is one. */
  readonly retryAfter: string | undefined;
  /** Value of the `Date` header, if there is one. */
  readonly date: string | undefined;
  /** The body as it arrives; throws if it is cut off. Until it is read to its end, it lasts as long as the signal. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends requests to the API server, over connections that are kept.
 *
 * Verified connections use the runtime's fetch (HTTP/2 where the server has it);
 * fetch cannot skip the verification of certificates, so those go through `node:https`.
 */
export class Transport implements Disposable {
  #client:
    | { readonly key: string; readonly value: Deno.HttpClient }
    | undefined;

  /**
   * Sends a request.
   *
   * @param request What to send.
   * @param access Certificates to use.
   * @throws If the server cannot be reached.
   */
  send(request: TransportRequest, access: Access): Promise<TransportResponse> {
    return access.insecure && request.url.startsWith("https:")
      ? sendUnverified(request, access)
      : this.#fetch(request, access);
  }

  async #fetch(
    request: TransportRequest,
    access: Access,
  ): Promise<TransportResponse> {
    const { method = "GET", url, headers, body = null, signal } = request;
    const response = await fetch(url, {
      method,
      headers,
      body,
      signal,
      redirect: "error",
      client: this.#clientFor(access),
    });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after") ?? undefined,
      date: response.headers.get("date") ?? undefined,
      body: response.body === null
        ? ReadableStream.from<Uint8Array>([])
        : endWith(response.body, signal),
    };
  }

  /** One client as long as the certificates stay the same. */
  #clientFor(access: Access): Deno.HttpClient {
    const key = JSON.stringify([access.ca, access.certificate]);
    if (this.#client?.key !== key) {
      this.#client?.value.close();
      const value = Deno.createHttpClient({
        ...(access.ca === undefined ? {} : { caCerts: [access.ca] }),
        ...access.certificate,
      });
      this.#client = { key, value };
    }
    return this.#client.value;
  }

  /** Closes the kept connections. */
  [Symbol.dispose](): void {
    this.#client?.value.close();
    this.#client = undefined;
  }
}

/**
 * Ends a body when a signal fires.
 *
 * Under Deno 2.9.6 the signal given to fetch no longer reaches the body once the
 * headers have come and the garbage collector has run: the read then waits for ever.
 */
function endWith(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  async function* read(): AsyncGenerator<Uint8Array, void, void> {
    try {
      while (true) {
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (done) return;
        yield value;
      }
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }
  return read();
}

function sendUnverified(
  request: TransportRequest,
  access: Access,
): Promise<TransportResponse> {
  const { method = "GET", body } = request;
  return new Promise((resolve, reject) => {
    const outgoing = https.request(request.url, {
      method,
      ...access.certificate,
      headers: request.headers,
      signal: request.signal,
      rejectUnauthorized: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      resolve({
        status: incoming.statusCode ?? 0,
        retryAfter: incoming.headers["retry-after"],
        date: incoming.headers.date,
        body: incoming,
      });
    });
    outgoing.end(body);
  });
}
