/** What to ask a server for, over and over. */
export interface Load {
  /** Port of 127.0.0.1. */
  readonly port: number;
  /** Path, from the slash on. */
  readonly path: string;
  /** Header fields beside `Host`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connections, each of which asks again as soon as it is answered. */
  readonly connections: number;
  /** For how long. */
  readonly seconds: number;
  /** Whether each request has a connection of its own, which both sides know. */
  readonly isKeptAlive: boolean;
  /** Status that every answer is to have. */
  readonly status: number;
}

/** How a server bore a load; all was answered as it should be. */
export interface LoadResult {
  /** Requests that were answered. */
  readonly requests: number;
  /** Requests that were answered in a second. */
  readonly requestsPerSecond: number;
  /** Time that half of the answers took at most, in milliseconds. */
  readonly p50Ms: number;
  /** Time that 99 % of the answers took at most, in milliseconds. */
  readonly p99Ms: number;
}

/** Makes load. */
export interface LoadTool {
  /** What it is, with its version: `wrk 4.1.0`. */
  readonly name: string;
  /**
   * Asks, and waits until it is over.
   *
   * @param load What to ask.
   * @throws If an answer is not as it should be, or missing.
   */
  readonly run: (load: Load) => Promise<LoadResult>;
}
