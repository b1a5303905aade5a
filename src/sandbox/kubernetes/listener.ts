import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";

/** Listens on a loopback port, and can break what it carries. */
export class KubernetesListener {
  readonly #handle: (
    request: IncomingMessage,
    response: ServerResponse,
  ) => Promise<void>;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  #server: Server | undefined;
  #port: number;

  /**
   * Creates a listener that does not listen yet.
   *
   * @param handle Answers one request; must not reject.
   * @param port Port of the first start; 0 picks a free one.
   */
  constructor(
    handle: (
      request: IncomingMessage,
      response: ServerResponse,
    ) => Promise<void>,
    port: number,
  ) {
    this.#handle = handle;
    this.#port = port;
  }

  /** Base address, `http://127.0.0.1:PORT`; stays the same over restarts. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /**
   * Listens; does nothing while already listening.
   *
   * @throws {Error} If the port is taken.
   */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      const done = this.#handle(request, response).finally(() =>
        this.#running.delete(done)
      );
      this.#running.add(done);
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.#port = bound.port;
    this.#server = server;
  }

  /** Breaks every open connection by a reset (RST), in the middle of whatever it carries. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Stops listening, drops every connection, and waits until no request is being answered. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await Promise.all(this.#running);
  }
}
