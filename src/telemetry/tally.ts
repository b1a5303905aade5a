/** Label values of one sample. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

interface Entry<Label extends string> {
  readonly labels: Labels<Label>;
  total: number;
}

/** Tells what was counted since it was last asked. */
export type TallyReader<Label extends string> = () => Iterable<
  readonly [Labels<Label>, number]
>;

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
    if (entry === undefined) this.#entries.set(key, { labels, total: 1 });
    else entry.total += 1;
  }

  /** Creates a reader, who is told everything there ever is, each count once. */
  createReader(): TallyReader<Label> {
    const entries = this.#entries;
    const told = new Map<Entry<Label>, number>();
    return function* (): ReturnType<TallyReader<Label>> {
      for (const entry of entries.values()) {
        const news = entry.total - (told.get(entry) ?? 0);
        told.set(entry, entry.total);
        if (news > 0) yield [entry.labels, news];
      }
    };
  }
}
