/**
 * Everything an emulator was asked, in order, with a way to wait for the n-th entry.
 *
 * @typeParam T One recorded entry.
 */
export class Journal<T> {
  readonly #waiters = new Set<() => void>();
  #entries: T[] = [];

  /** Creates an empty journal. */
  constructor() {}

  /** The entries so far, oldest first; a copy. */
  get entries(): readonly T[] {
    return [...this.#entries];
  }

  /**
   * Appends an entry and wakes whoever waited for it.
   *
   * @param entry Kept by reference, so that its owner may fill in later what came of it.
   */
  add(entry: T): void {
    this.#entries.push(entry);
    for (const wake of [...this.#waiters]) wake();
  }

  /** Forgets every entry; counts start again at zero. */
  clear(): void {
    this.#entries = [];
  }

  /**
   * Counts the entries that match.
   *
   * @param where Selects entries; all of them when left out.
   */
  count(where: (entry: T) => boolean = () => true): number {
    return this.#entries.filter(where).length;
  }

  /**
   * Waits until a number of matching entries has been recorded.
   *
   * @param count How many, entries from before the call included.
   * @param where Selects entries; all of them when left out.
   * @returns The matching entries at that moment; settles at once when they are already there.
   */
  reached(
    count: number,
    where: (entry: T) => boolean = () => true,
  ): Promise<readonly T[]> {
    const { promise, resolve } = Promise.withResolvers<readonly T[]>();
    const check = (): void => {
      const found = this.#entries.filter(where);
      if (found.length < count) return;
      this.#waiters.delete(check);
      resolve(found);
    };
    this.#waiters.add(check);
    check();
    return promise;
  }
}
