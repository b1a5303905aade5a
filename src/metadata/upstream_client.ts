import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import { type SpanFacts, traced } from "../telemetry/otel.ts";
import {
  type AskUpstream,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamRequest,
} from "../core/upstream.ts";
import { UpstreamConnections } from "./upstream_connections.ts";

/** How {@linkcode UpstreamClient} reaches the server. */
export interface UpstreamClientOptions {
  /** Address as `host` or `host:port`; IPv6 in brackets. */
  readonly address: string;
  /** Milliseconds to wait for a whole answer. */
  readonly timeoutMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Told of each answer's `Date` header. */
  readonly onDate?: (date: string | undefined) => void;
}

/** Connections at a time, of each kind. */
const MOST = 64;
/** What may stand in a request's first line: a space or line end would end it there. */
const TARGET = /^\/[\x21-\x7e]*$/;
const ENCODER = new TextEncoder();

/**
 * Client of the real metadata server, or of the next hop in front of it.
 *
 * It sends path and header names exactly as given, follows no redirect, and pays no
 * attention to proxy variables. Connections are kept for the next request.
 */
export class UpstreamClient implements Disposable {
  readonly #connections: UpstreamConnections;
  /** Those of requests that wait for a change, which must not keep others waiting. */
  readonly #waiting: UpstreamConnections;
  readonly #host: string;
  readonly #facts: SpanFacts;
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
    const host = {
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? 80 : Number(url.port),
    };
    const { now } = options.clock;
    this.#connections = new UpstreamConnections(host, { most: MOST, now });
    this.#waiting = new UpstreamConnections(host, { most: MOST, now });
    this.#host = url.host;
    this.#facts = {
      "http.request.method": "GET",
      "server.address": host.hostname,
      "server.port": host.port,
    };
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
  readonly ask: AskUpstream = async (request, signal) => {
    const deadline = startDeadline(this.#clock, {
      ms: request.timeoutMs ?? this.#timeoutMs,
      reason: () => new Error("The metadata server did not answer in time"),
      ...(signal === undefined ? {} : { outer: signal }),
    });
    try {
      return await traced("upstream", async (span) => {
        const answer = await this.#send(request, deadline.signal);
        span.set({ "http.response.status_code": answer.status });
        return answer;
      }, this.#facts);
    } catch (cause) {
      throw new UpstreamError(
        `Cannot get ${request.path} from the metadata server`,
        { cause },
      );
    } finally {
      deadline.stop();
    }
  };

  async #send(
    request: UpstreamRequest,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const target = request.path + queryText(request.query);
    if (!TARGET.test(target)) throw new Error("The path cannot be sent");
    const head = ENCODER.encode(
      `GET ${target} HTTP/1.1\r\nHost: ${this.#host}\r\n` +
        "Metadata-Flavor: Google\r\n\r\n",
    );
    const connections = request.timeoutMs === undefined
      ? this.#connections
      : this.#waiting;
    const { status, headers, body } = await connections.ask(head, signal);
    this.#onDate?.(headers.get("date"));
    return {
      status,
      contentType: headers.get("content-type") ?? "application/text",
      etag: headers.get("etag"),
      body,
    };
  }

  /** Closes the kept connections. */
  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
    this.#waiting[Symbol.dispose]();
  }
}

function queryText(query: ReadonlyMap<string, string> | undefined): string {
  if (query === undefined || query.size === 0) return "";
  return `?${new URLSearchParams([...query])}`;
}
