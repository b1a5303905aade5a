import { type ParsedResponse, ResponseParser } from "./response_parser.ts";

/** Where connections go. */
export interface UpstreamHost {
  /** Host name or IP address, without brackets. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
}

/** A connection is not used again after more than this without a request. */
const MAX_IDLE_MS = 30_000;
const READ_BYTES = 16_384;

/** One connection, for one request at a time. */
interface Connection {
  readonly conn: Deno.TcpConn;
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** When it was last used; `undefined` if it never was. */
  usedAtMs: number | undefined;
}

/**
 * Connections to one server over plain TCP, kept for the next request.
 *
 * Asking is the work of a proxy, and this takes half the time of `node:http`. It does
 * no more than a metadata server needs: GET without a body, one request at a time.
 */
export class UpstreamConnections implements Disposable {
  readonly #host: UpstreamHost;
  readonly #most: number;
  readonly #now: () => number;
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  /** Requests that wait for a place, the longest first. */
  readonly #waiting = new Set<() => void>();
  #places = 0;

  /**
   * Creates none yet.
   *
   * @param host Where they go.
   * @param options `most` of them at a time, and the current time in milliseconds.
   */
  constructor(
    host: UpstreamHost,
    options: { readonly most: number; readonly now: () => number },
  ) {
    this.#host = host;
    this.#most = options.most;
    this.#now = options.now;
  }

  /**
   * Sends a request and reads its answer.
   *
   * Servers close connections that were idle; the request is then sent once more, over
   * a new one, if nothing of an answer has arrived.
   *
   * @param head The whole request, which can be repeated.
   * @param signal Ends it, and its connection.
   * @throws If there is no complete answer, or the signal's reason.
   */
  async ask(head: Uint8Array, signal: AbortSignal): Promise<ParsedResponse> {
    signal.throwIfAborted();
    await this.#enter(signal);
    try {
      const kept = this.#takeIdle();
      const answer = kept && await this.#exchange(kept, head, signal);
      return answer ??
        await this.#exchange(await this.#open(signal), head, signal) ??
        fail("The connection was closed without an answer");
    } finally {
      this.#leave();
    }
  }

  /** Closes all connections; what is being asked fails. */
  [Symbol.dispose](): void {
    for (const { conn } of [...this.#idle, ...this.#busy]) close(conn);
    this.#idle.length = 0;
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#places < this.#most) {
      this.#places += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener("abort", giveUp, { once: true });
    // Whoever leaves hands the place over.
    await promise;
    signal.removeEventListener("abort", giveUp);
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#places -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  /** Takes the connection that was used last, and closes those unused for too long. */
  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop();
    const idleMs = this.#now() - (connection?.usedAtMs ?? 0);
    if (connection === undefined) return undefined;
    if (idleMs >= 0 && idleMs <= MAX_IDLE_MS) return connection;
    for (const { conn } of [connection, ...this.#idle]) close(conn);
    this.#idle.length = 0;
    return undefined;
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    const conn = await Deno.connect({ ...this.#host, signal });
    conn.setNoDelay();
    return { conn, buffer: new Uint8Array(READ_BYTES), usedAtMs: undefined };
  }

  /** Gives nothing if a connection that was kept had been closed meanwhile. */
  async #exchange(
    connection: Connection,
    head: Uint8Array,
    signal: AbortSignal,
  ): Promise<ParsedResponse | undefined> {
    const { conn, buffer, usedAtMs } = connection;
    const abort = (): void => close(conn);
    const parser = new ResponseParser();
    this.#busy.add(connection);
    signal.addEventListener("abort", abort, { once: true });
    let isReusable = false;
    try {
      signal.throwIfAborted();
      for (let sent = 0; sent < head.length;) {
        sent += await conn.write(head.subarray(sent));
      }
      while (true) {
        const count = await conn.read(buffer);
        const answer = count === null
          ? parser.end()
          : parser.push(buffer.subarray(0, count));
        if (answer === undefined) continue;
        isReusable = answer.isReusable && count !== null;
        return answer;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (usedAtMs !== undefined && parser.isUntouched) return undefined;
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#busy.delete(connection);
      if (isReusable && !signal.aborted) {
        connection.usedAtMs = this.#now();
        this.#idle.push(connection);
      } else close(conn);
    }
  }
}

function fail(message: string): never {
  throw new Error(message);
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
