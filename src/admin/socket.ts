import { describeError, type Log } from "../telemetry/log.ts";

/** What {@linkcode listenOnSocket} needs besides a path. */
export interface SocketOptions {
  /** Answers requests. */
  readonly handler: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
  ) => Promise<Response>;
  /** Takes that the socket cannot be had. */
  readonly log: Log;
}

/**
 * Listens on a Unix socket, where whoever can open the file is answered.
 *
 * A socket that an earlier process has left is replaced. One that cannot be had is told in
 * the log, for nothing but probes needs it.
 *
 * @param path Path of the socket.
 * @param options Handler and log.
 * @returns Closes it when it is disposed of.
 */
export function listenOnSocket(
  path: string,
  { handler, log }: SocketOptions,
): AsyncDisposable {
  try {
    removeSocket(path);
    return Deno.serve({ path, onListen: () => {} }, handler);
  } catch (error) {
    log("error", "admin.socket (--admin-socket) cannot be listened on", {
      path,
      error: describeError(error),
    });
    return new AsyncDisposableStack();
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
