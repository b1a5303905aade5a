/** What is known of one Event. */
export interface LedgerEntry {
  /** Times that its cause was noted. */
  count: number;
  /** When it was written last, in milliseconds since the Unix epoch. */
  writtenAtMs: number;
}

/** The same cause is told once in this time; as long as the API server keeps an Event. */
const REPEAT_MS = 3_600_000;

/** Events of more pods than a node has. */
const CAPACITY = 2_048;

/** Remembers which Events were written, so that none is repeated too soon. */
export class EventLedger {
  /** Least recently written first. */
  readonly #entries = new Map<string, LedgerEntry>();

  /**
   * Notes that a cause of an Event came up.
   *
   * @param key Identity of pod and cause.
   * @param nowMs Current time.
   * @returns How to write it: a new Event, the series of one that was written more than
   * an hour ago, or not at all.
   */
  note(key: string, nowMs: number): "create" | "update" | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.count++;
    if (!this.isDue(key, nowMs)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, {
      count: entry?.count ?? 1,
      writtenAtMs: nowMs,
    });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > CAPACITY && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    return entry === undefined ? "create" : "update";
  }

  /**
   * Tells whether a cause would be written if it came up.
   *
   * @param key Identity of pod and cause.
   * @param nowMs Current time; one before that of the last writing is not trusted.
   */
  isDue(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return true;
    const ageMs = nowMs - entry.writtenAtMs;
    return ageMs >= REPEAT_MS || ageMs < 0;
  }

  /**
   * Forgets a cause, so that it is written when it comes up again.
   *
   * @param key Identity of pod and cause.
   */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /**
   * Tells how often a cause came up.
   *
   * @param key Identity of pod and cause.
   */
  countOf(key: string): number {
    return this.#entries.get(key)?.count ?? 0;
  }
}
