import { Buffer } from "node:buffer";
import http from "node:http";
import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import { traced } from "../telemetry/otel.ts";
import {
  type AskUpstream,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamRequest,
} from "../core/upstream.ts";

/** How {@linkcode UpstreamClient} reaches the server. */
export interface UpstreamClientOptions {
  /** Address as `host` or `host:port`; IPv6 in brackets. */
  readonly address: string;
  /** Milliseconds to wait for a whole answer. */
  readonly timeoutMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Told of each answer's `Date` header as soon as it is there. */
  readonly onDate?: (date: string | undefined) => void;
}

const MAX_BODY = 8 * 1024 * 1024;

const AGENT_OPTIONS = {
  keepAlive: true,
  maxSockets: 64,
  // Proxy variables count for node:http too, once NODE_USE_ENV_PROXY is set.
  proxyEnv: {},
};

/**
 * Client of the real metadata server, or of the next hop in front of it.
 *
 * Uses `node:http`: it sends path and header names exactly as given, follows no
 * redirect, and unlike fetch pays no attention to proxy variables. Connections are kept
 * for the next request.
 */
export class UpstreamClient implements Disposable {
  readonly #agent = new http.Agent(AGENT_OPTIONS);
  /** Connections of requests that wait for a change, which must not keep others waiting. */
  readonly #waitingAgent = new http.Agent(AGENT_OPTIONS);
  readonly #host: string;
  readonly #hostname: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #onDate: UpstreamClientOptions["onDate"];

  /**
   * Creates a client; nothing is sent yet.
   *
   * @param options Address and patience.
   */
  constructor(options: UpstreamClientOptions) {
    const url = new URL(`http://${options.address}`);
    this.#host = url.host;
    this.#hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = url.port === "" ? 80 : Number(url.port);
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#onDate = options.onDate;
  }

  /**
   * Asks the server.
   *
   * @param request What to ask.
   * @param signal Ends the wait.
   */
  readonly ask: AskUpstream = (request, signal) => {
    const deadline = startDeadline(this.#clock, {
      ms: request.timeoutMs ?? this.#timeoutMs,
      reason: () => new Error("The metadata server did not answer in time"),
      ...(signal === undefined ? {} : { outer: signal }),
    });
    return traced(
      "upstream",
      () => this.#send(request, deadline.signal),
    ).catch((cause) => {
      throw new UpstreamError(
        `Cannot get ${request.path} from the metadata server`,
        { cause },
      );
    }).finally(() => deadline.stop());
  };

  #send(
    request: UpstreamRequest,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => {
        outgoing.destroy();
        reject(signal.reason);
      };
      const outgoing = http.request({
        agent: request.timeoutMs === undefined
          ? this.#agent
          : this.#waitingAgent,
        host: this.#hostname,
        port: this.#port,
        method: "GET",
        path: request.path + queryText(request.query),
        headers: { "Host": this.#host, "Metadata-Flavor": "Google" },
      });
      signal.addEventListener("abort", abort, { once: true });
      const settle = (act: () => void): void => {
        signal.removeEventListener("abort", abort);
        act();
      };
      outgoing.on("error", (error) => settle(() => reject(error)));
      outgoing.on("response", (incoming) => {
        this.#onDate?.(incoming.headers.date);
        readBody(incoming).then(
          (body) => settle(() => resolve(toAnswer(incoming, body))),
          (error) => {
            outgoing.destroy();
            settle(() => reject(error));
          },
        );
      });
      outgoing.end();
    });
  }

  /** Closes the kept connections. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#waitingAgent.destroy();
  }
}

function queryText(query: ReadonlyMap<string, string> | undefined): string {
  if (query === undefined || query.size === 0) return "";
  return `?${new URLSearchParams([...query])}`;
}

/** Reads a whole body; one that ends before its time is an error. */
function readBody(incoming: http.IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > MAX_BODY) reject(new Error("The answer is too large"));
      else chunks.push(chunk);
    });
    incoming.on("error", reject);
    incoming.on("close", () => reject(new Error("The answer was cut off")));
    incoming.on("end", () => {
      if (incoming.complete) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(new Error("The answer was cut off"));
    });
  });
}

function toAnswer(
  incoming: http.IncomingMessage,
  body: string,
): UpstreamAnswer {
  return {
    status: incoming.statusCode ?? 0,
    contentType: incoming.headers["content-type"] ?? "application/text",
    etag: incoming.headers.etag,
    body,
  };
}
