/**
 * Keeps the last entries of something that goes on for ever.
 *
 * The entries are made once and filled anew: what lives as long as the ring takes to come
 * round would be the garbage that costs the collector most.
 */
export class Ring<T extends object> {
  readonly #entries: readonly T[];
  #added = 0;

  /**
   * Creates a ring of which nothing is filled.
   *
   * @param capacity Entries kept at most.
   * @param create Makes an entry to be filled.
   */
  constructor(capacity: number, create: () => T) {
    this.#entries = Array.from({ length: capacity }, create);
  }

  /** Number of entries that were ever added. */
  get added(): number {
    return this.#added;
  }

  /**
   * Adds an entry, in place of the oldest if it is full.
   *
   * @param fill Writes all fields of it.
   */
  add(fill: (entry: T) => void): void {
    const entry = this.#entries[this.#added % this.#entries.length];
    if (entry !== undefined) fill(entry);
    this.#added++;
  }

  /** Copies of the entries, newest first. */
  list(): readonly T[] {
    const cut = this.#added % this.#entries.length;
    return [
      ...this.#entries.slice(cut),
      ...this.#entries.slice(0, cut),
    ].reverse().slice(0, this.#added).map((entry) => ({ ...entry }));
  }
}
