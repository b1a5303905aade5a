/** Label values of one sample. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

interface Entry<Label extends string> {
  readonly labels: Labels<Label>;
  count: number;
}

/**
 * Counts by label values, until somebody wants to know: counting is in the way of every
 * request, and telling is not.
 */
export class Tally<Label extends string> {
  readonly #names: readonly Label[];
  readonly #entries = new Map<string, Entry<Label>>();

  /**
   * Creates an empty tally.
   *
   * @param names Names of the labels; their values are of fixed sets.
   */
  constructor(names: readonly Label[]) {
    this.#names = names;
  }

  /**
   * Counts one.
   *
   * @param labels Its label values.
   */
  add(labels: Labels<Label>): void {
    let key = "";
    for (const name of this.#names) key += `${labels[name]}\n`;
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { labels, count: 1 });
    else entry.count += 1;
  }

  /** What was counted since the last time, and begins anew. */
  *take(): Generator<readonly [Labels<Label>, number], void, void> {
    for (const entry of this.#entries.values()) {
      if (entry.count > 0) yield [entry.labels, entry.count];
      entry.count = 0;
    }
  }
}
