import type { Log } from "../telemetry/log.ts";

/** Thrown when a listener cannot be opened; the message names the option to change. */
export class ListenError extends Error {
  /**
   * Creates the error.
   *
   * @param message What cannot be opened, and which options say so.
   * @param options `cause` is the error underneath.
   */
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "ListenError";
  }
}

/** Time that requests in flight have to end when a listener is closed. */
const SHUTDOWN_MS = 5_000;

/** An open HTTP listener; disposing of it closes it. */
export interface Listener extends AsyncDisposable {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
}

/** What {@linkcode listen} needs besides an address. */
export interface ListenOptions {
  /** Section of the configuration that says where. */
  readonly section: "server" | "admin";
  /** Takes a line once it listens. */
  readonly log: Log;
  /** Answers requests. */
  readonly handler: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
  ) => Promise<Response>;
}

/**
 * Opens an HTTP listener; when it is closed, requests in flight get a little time to end.
 *
 * @param at Address and port, 0 for any free one.
 * @param options Handler, and how to speak of the listener.
 * @throws {ListenError} If the port is taken, or the machine lacks the address.
 */
export function listen(
  at: { readonly address: string; readonly port: number },
  options: ListenOptions,
): Listener {
  const server = openListener(at, options);
  return {
    address: server.addr,
    async [Symbol.asyncDispose](): Promise<void> {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, SHUTDOWN_MS);
      await Promise.race([server.shutdown(), late.promise]);
      clearTimeout(timer);
    },
  };
}

function openListener(
  at: { readonly address: string; readonly port: number },
  { section, log, handler }: ListenOptions,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname: at.address,
      port: at.port,
      onListen: ({ hostname, port }) =>
        log("info", "Listening", {
          listener: section,
          address: hostname,
          port,
        }),
    }, handler);
  } catch (cause) {
    const flag = section === "server" ? "--app-port" : "--admin-port";
    const problem = cause instanceof Deno.errors.AddrInUse
      ? "the port is taken by another program"
      : "the address cannot be listened on";
    throw new ListenError(
      `Cannot listen on ${at.address} port ${at.port}: ${problem}; ` +
        `change ${section}.port (${flag}) or ${section}.address`,
      { cause },
    );
  }
}
