/** Keeps the last entries of something that goes on for ever. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #entries: T[] = [];
  #next = 0;
  #added = 0;

  /**
   * Creates an empty ring.
   *
   * @param capacity Entries kept at most.
   */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of entries that were ever added. */
  get added(): number {
    return this.#added;
  }

  /**
   * Adds an entry, in place of the oldest if it is full.
   *
   * @param entry The entry.
   */
  add(entry: T): void {
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#added++;
  }

  /** The entries, newest first. */
  list(): readonly T[] {
    return [
      ...this.#entries.slice(this.#next),
      ...this.#entries.slice(0, this.#next),
    ].reverse();
  }
}
