import { Journal } from "../journal.ts";

/** One request that the emulated API server received. */
export interface RecordedRequest {
  /** Method as sent. */
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Query. */
  readonly query: URLSearchParams;
  /** Verb, such as `list` or `watch`; empty for an unknown path or method. */
  readonly verb: string;
  /** Resource, such as `pods`; empty for an unknown path or method. */
  readonly resource: string;
  /** User-Agent header; empty if there was none. */
  readonly userAgent: string;
  /** Name of the authenticated user; `undefined` if nobody was authenticated. */
  readonly authenticatedAs: string | undefined;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

/** Every request so far, counted by what it did. */
export class KubernetesRequestLog {
  readonly #journal = new Journal<RecordedRequest>();
  readonly #counts = new Map<string, number>();

  /** Creates an empty log. */
  constructor() {}

  /** Every request so far, oldest first; a copy. */
  get requests(): readonly RecordedRequest[] {
    return this.#journal.entries;
  }

  /** How many requests came, by verb and resource, such as `list pods`; a copy. */
  get counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }

  /**
   * Records a request and wakes whoever waits for it.
   *
   * @param request What came.
   */
  add(request: RecordedRequest): void {
    const key = `${request.verb} ${request.resource}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#journal.add(request);
  }

  /**
   * Waits for requests; earlier ones count too.
   *
   * @param matches Which requests count.
   * @param count How many there must be.
   * @returns The matching requests so far, at least `count` of them.
   */
  matching(
    matches: (request: RecordedRequest) => boolean,
    count: number,
  ): Promise<readonly RecordedRequest[]> {
    return this.#journal.reached(count, matches);
  }
}
