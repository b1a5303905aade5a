import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";

/** What {@linkcode listenOnSocket} needs besides a path. */
export interface SocketOptions {
  /** Answers requests. */
  readonly handler: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
  ) => Promise<Response>;
  /** Time between two attempts. */
  readonly clock: Clock;
  /** Takes that the socket cannot be had. */
  readonly log: Log;
}

const PAUSE_MS = 1_000;

/**
 * Listens on a Unix socket, where whoever can open the file is answered.
 *
 * A socket that an earlier process has left is replaced. One that cannot be had, or fails
 * as it does when the process is out of file descriptors, is told in the log and tried
 * again: nothing but probes needs it.
 *
 * @param path Path of the socket.
 * @param options Handler and collaborators.
 * @returns Closes it when it is disposed of.
 */
export function listenOnSocket(
  path: string,
  options: SocketOptions,
): AsyncDisposable {
  const closing = new AbortController();
  const closed = keepOpen(path, options, closing.signal);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      closing.abort();
      await closed;
    },
  };
}

async function keepOpen(
  path: string,
  { handler, log, clock }: SocketOptions,
  signal: AbortSignal,
): Promise<void> {
  let said: string | undefined;
  while (!signal.aborted) {
    try {
      removeSocket(path);
      const server = Deno.serve({ path, onListen: () => {} }, handler);
      const close = (): void => void server.shutdown();
      signal.addEventListener("abort", close);
      await server.finished.finally(() =>
        signal.removeEventListener("abort", close)
      );
    } catch (failure) {
      const error = describeError(failure);
      if (error !== said) {
        log("error", "admin.socket (--admin-socket) cannot be listened on", {
          path,
          error,
        });
      }
      said = error;
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** Leaves alone what is no socket: the option may name a file by mistake. */
function removeSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
