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
  /** While it is kept: when it was last used, and what comes next, asked for ahead. */
  kept?: { readonly sinceMs: number; readonly next: Promise<number | null> };
}

interface Waiter {
  readonly enter: () => void;
  readonly giveUp: (reason: unknown) => void;
}

/** A kept connection turned out to be closed, before anything of an answer had come. */
class StaleError extends Error {}

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
  /** The one used longest ago in front. */
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  /** Requests that wait for a place, the longest first. */
  readonly #waiting = new Set<Waiter>();
  #places = 0;
  #isClosed = false;

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
      if (kept !== undefined) {
        try {
          return await this.#exchange(kept, head, signal);
        } catch (error) {
          if (!(error instanceof StaleError)) throw error;
        }
      }
      return await this.#exchange(await this.#open(signal), head, signal);
    } finally {
      this.#leave();
    }
  }

  /** Closes all connections; what is being asked fails, and nothing can be asked any more. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { conn } of [...this.#idle, ...this.#busy]) close(conn);
    this.#idle.length = 0;
    for (const { giveUp } of this.#waiting) giveUp(closedError());
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closedError();
    if (this.#places < this.#most) {
      this.#places += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      enter: resolve,
      giveUp: (reason) => {
        this.#waiting.delete(waiter);
        reject(reason);
      },
    };
    const abort = (): void => waiter.giveUp(signal.reason);
    this.#waiting.add(waiter);
    signal.addEventListener("abort", abort, { once: true });
    try {
      // Whoever leaves hands the place over.
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#places -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }

  /** Takes the connection that was used last. */
  #takeIdle(): Connection | undefined {
    this.#closeOld();
    return this.#idle.pop();
  }

  #closeOld(): void {
    while (true) {
      const [oldest] = this.#idle;
      const idleMs = this.#now() - (oldest?.kept?.sinceMs ?? 0);
      if (oldest === undefined) return;
      // A clock that fell back tells nothing of any of them.
      if (idleMs >= 0 && idleMs <= MAX_IDLE_MS) return;
      this.#idle.shift();
      close(oldest.conn);
    }
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    const conn = await Deno.connect({ ...this.#host, signal });
    return { conn, buffer: new Uint8Array(READ_BYTES) };
  }

  async #exchange(
    connection: Connection,
    head: Uint8Array,
    signal: AbortSignal,
  ): Promise<ParsedResponse> {
    const { conn, buffer, kept } = connection;
    delete connection.kept;
    const abort = (): void => close(conn);
    const parser = new ResponseParser();
    this.#busy.add(connection);
    signal.addEventListener("abort", abort, { once: true });
    let isReusable = false;
    try {
      signal.throwIfAborted();
      if (this.#isClosed) throw closedError();
      for (let sent = 0; sent < head.length;) {
        sent += await conn.write(head.subarray(sent));
      }
      let next = kept?.next;
      while (true) {
        const count = await (next ?? conn.read(buffer));
        next = undefined;
        const answer = count === null
          ? parser.end()
          : parser.push(buffer.subarray(0, count));
        if (answer === undefined) continue;
        isReusable = answer.isReusable && count !== null;
        return answer;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (this.#isClosed) throw closedError();
      if (kept !== undefined && parser.isUntouched) {
        throw new StaleError("The connection was closed", { cause: error });
      }
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#busy.delete(connection);
      if (isReusable && !signal.aborted && !this.#isClosed) {
        this.#keep(connection);
      } else close(conn);
    }
  }

  /** Keeps a connection until its server closes it, or sends what nobody asked for. */
  #keep(connection: Connection): void {
    const { conn, buffer } = connection;
    this.#closeOld();
    const next = conn.read(buffer);
    connection.kept = { sinceMs: this.#now(), next };
    this.#idle.push(connection);
    const drop = (): void => {
      const index = this.#idle.indexOf(connection);
      if (index < 0) return;
      this.#idle.splice(index, 1);
      close(conn);
    };
    next.then(drop, drop);
  }
}

function closedError(): Error {
  return new Error("The client is closed");
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
