import type { Awaitable } from "../core/awaitable.ts";
import type { Clock } from "../core/clock.ts";
import type { Condition } from "../core/condition.ts";
import { describeError, type Log } from "../telemetry/log.ts";

/** Thrown when a listener cannot be opened; the message names the option to change. */
export class ListenError extends Error {
  /** Whether another program listens there. */
  readonly isTaken: boolean;

  /**
   * Creates the error.
   *
   * @param message What cannot be opened, and which options say so.
   * @param options `cause` is the error underneath.
   */
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "ListenError";
    this.isTaken = options.cause instanceof Deno.errors.AddrInUse;
  }
}

/** Time that requests in flight have to end when a listener is closed. */
const SHUTDOWN_MS = 5_000;
/** Pause before a listener that failed is opened again, so that failing does not take all time. */
const REOPEN_MS = 100;

/** An open HTTP listener; disposing of it closes it. */
export interface Listener extends AsyncDisposable {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
  /** Whether it does; false while it waits for its port, or is opened again. */
  readonly isOpen: boolean;
}

/** What {@linkcode listen} needs besides an address. */
export interface ListenOptions {
  /** Section of the configuration that says where. */
  readonly section: "server" | "admin";
  /** Takes a line once it listens, and when it has to be opened again. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Answers requests. */
  readonly handler: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
  ) => Awaitable<Response>;
  /** Whether to wait for a port that another program has, instead of failing. */
  readonly waitsForPort?: boolean;
}

/** Where to listen. */
export interface ListenAddress {
  /** IP address of this machine. */
  readonly address: string;
  /** TCP port, 0 for any free one. */
  readonly port: number;
}

type Server = Deno.HttpServer<Deno.NetAddr>;

/**
 * Opens an HTTP listener, and opens it again whenever it fails, as it does when the
 * process is out of file descriptors.
 *
 * When it is closed, requests in flight get a little time to end.
 *
 * @param at Address and port.
 * @param options Handler, and how to speak of the listener.
 * @throws {ListenError} If the port is taken, or the machine lacks the address.
 */
export function listen(at: ListenAddress, options: ListenOptions): Listener {
  const server = openFirst(at, options);
  const { hostname, port } = server?.addr ?? {
    hostname: at.address,
    port: at.port,
  };
  const closing = new AbortController();
  const state = { isOpen: server !== undefined };
  const kept = keepOpen(server, {
    state,
    reopen: () => openListener({ address: hostname, port }, options),
    options,
    signal: closing.signal,
  });
  return {
    address: { transport: "tcp", hostname, port },
    get isOpen(): boolean {
      return state.isOpen;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      closing.abort();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, SHUTDOWN_MS);
      await Promise.race([kept, late.promise]);
      clearTimeout(timer);
    },
  };
}

/**
 * Tells for readiness whether pods are listened to.
 *
 * @param listener The pod-facing one.
 */
export function describeListener(
  { isOpen, address }: Listener,
): Condition {
  return {
    name: "listener",
    ok: isOpen,
    detail: isOpen
      ? `open on port ${address.port}`
      : "failed, and is opened again; see the log",
  };
}

interface KeepOpenOptions {
  readonly state: { isOpen: boolean };
  readonly reopen: () => Server;
  readonly options: ListenOptions;
  /** Closes the listener. */
  readonly signal: AbortSignal;
}

/** Keeps a listener open until the signal fires; resolves once its requests have ended. */
async function keepOpen(
  first: Server | undefined,
  keep: KeepOpenOptions,
): Promise<void> {
  const { section: listener, log } = keep.options;
  let server = first ?? await openAgain(keep);
  keep.state.isOpen = server !== undefined;
  let ended: Promise<unknown> = Promise.resolve();
  while (server !== undefined) {
    const failure = await untilFailed(server, keep.signal);
    // Ends idle connections at once, which frees descriptors, and answers what is in flight.
    ended = Promise.all([ended, server.shutdown().catch(() => {})]);
    if (keep.signal.aborted) break;
    keep.state.isOpen = false;
    const error = describeError(failure);
    log("error", "The listener failed and is opened again", {
      listener,
      error,
    });
    server = await openAgain(keep);
    keep.state.isOpen = server !== undefined;
  }
  await ended;
}

/** Waits for the server to fail, which it tells with what failed, or for the signal. */
function untilFailed(server: Server, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    server.finished.catch((error) => error).then((failure) => {
      signal.removeEventListener("abort", resolve);
      resolve(failure);
    });
    if (signal.aborted) resolve(undefined);
  });
}

/** Tries until a listener is open again, or the signal fires. */
async function openAgain(
  { reopen, options, signal }: KeepOpenOptions,
): Promise<Server | undefined> {
  while (!signal.aborted) {
    await options.clock.sleep(REOPEN_MS, signal);
    if (signal.aborted) return undefined;
    try {
      return reopen();
    } catch (error) {
      options.log("debug", "The listener cannot be opened yet", {
        listener: options.section,
        error: describeError(error),
      });
    }
  }
  return undefined;
}

/** Opens it, unless it is to wait for another program that has the port. */
function openFirst(
  at: ListenAddress,
  options: ListenOptions,
): Server | undefined {
  try {
    return openListener(at, options);
  } catch (error) {
    const mayWait = options.waitsForPort && error instanceof ListenError &&
      error.isTaken;
    if (!mayWait) throw error;
    const { section: listener, log } = options;
    log("info", "Waiting for a port that another daemon of this node has", {
      listener,
      port: at.port,
    });
    return undefined;
  }
}

function openListener(
  at: ListenAddress,
  { section, log, handler }: ListenOptions,
): Server {
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
