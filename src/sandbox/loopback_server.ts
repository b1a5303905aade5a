import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";

/** A complete answer, before it is cut or delayed. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Header fields in the order and letter case of the wire; `Content-Length` is added. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole body; not sent for HEAD. */
  readonly body: string;
}

/** One request together with the ways to answer it; exactly one of them must be called. */
export interface Exchange {
  /** Method as sent. */
  readonly method: string;
  /** Request target as sent, neither decoded nor normalised. */
  readonly target: string;
  /** Header fields as sent, in order, duplicates kept. */
  readonly headers: readonly (readonly [string, string])[];
  /** Whole request body as UTF-8. */
  readonly body: string;
  /** Aborts when the client leaves, the server stops, or the answer is out. */
  readonly gone: AbortSignal;
  /** Returns the value of a field by its lower-case name; duplicates are joined by a comma. */
  header(name: string): string | undefined;
  /** Sends the answer. */
  send(answer: Answer): void;
  /** Sends the head with the full length and half of the body, then drops the connection. */
  sendCut(answer: Answer): void;
  /** Drops the connection without an answer. */
  reset(): void;
}

/**
 * An HTTP/1.1 server on a loopback port that can go down and come back on the same port.
 *
 * Built on `node:http`, which hands over the raw request target.
 */
export class LoopbackServer implements AsyncDisposable {
  readonly #handle: (exchange: Exchange) => Promise<void>;
  readonly #running = new Set<Promise<void>>();
  #server: Server | undefined;
  #port: number;

  /**
   * Creates a server that does not listen yet.
   *
   * @param handle Answers one request; a rejection becomes a plain 500.
   * @param port Port of the first start; 0 picks a free one.
   */
  constructor(handle: (exchange: Exchange) => Promise<void>, port = 0) {
    this.#handle = handle;
    this.#port = port;
  }

  /** Host and port, `127.0.0.1:PORT`; stays the same over restarts. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /**
   * Listens; does nothing while already listening.
   *
   * @throws {Error} If the port is taken.
   */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) =>
      this.#accept(request, response)
    );
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.#port = bound.port;
    this.#server = server;
  }

  /** Stops listening and drops every connection; new ones are refused until {@linkcode start}. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    await Promise.all(this.#running);
  }

  /** Stops for good. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const controller = new AbortController();
    response.once("close", () => controller.abort());
    response.on("error", () => controller.abort());
    const done = this.#serve(request, response, controller.signal).catch(
      (error: unknown) => {
        if (response.headersSent || controller.signal.aborted) return;
        response.writeHead(500, { "Content-Type": "text/plain" });
        response.end(`emulator failed: ${error}`);
      },
    ).finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const body = await readBody(request);
    await this.#handle(createExchange({ request, response, body, gone }));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let body = "";
  for await (const chunk of request) {
    body += decoder.decode(chunk, { stream: true });
  }
  return body + decoder.decode();
}

function createExchange(parts: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  readonly gone: AbortSignal;
}): Exchange {
  const { request, response, body, gone } = parts;
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    headers.push([
      request.rawHeaders[at] ?? "",
      request.rawHeaders[at + 1] ?? "",
    ]);
  }
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    headers,
    body,
    gone,
    header(name: string): string | undefined {
      const found = headers.filter(([key]) => key.toLowerCase() === name);
      return found.length === 0
        ? undefined
        : found.map(([, value]) => value).join(", ");
    },
    send(answer: Answer): void {
      const bytes = writeHead(response, answer);
      response.end(bytes);
    },
    sendCut(answer: Answer): void {
      const bytes = writeHead(response, answer);
      response.write(
        bytes.subarray(0, bytes.length >> 1),
        () => response.destroy(),
      );
    },
    reset(): void {
      response.destroy();
      request.socket.destroy();
    },
  };
}

function writeHead(response: ServerResponse, answer: Answer): Uint8Array {
  const bytes = new TextEncoder().encode(answer.body);
  response.writeHead(answer.status, {
    ...answer.headers,
    "Content-Length": String(bytes.length),
  });
  return bytes;
}
