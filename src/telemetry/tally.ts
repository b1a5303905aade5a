/** Label values of one sample. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

interface Entry<Label extends string> {
  readonly labels: Labels<Label>;
  total: number;
}

/** What there is behind the values of the first labels. */
interface Branch<Label extends string> {
  /** By the value of the next label. */
  readonly next: Map<string, Branch<Label>>;
  /** Behind the value of the last one. */
  entry: Entry<Label> | undefined;
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
  readonly #entries: Entry<Label>[] = [];
  /** Label by label: one key made of all values would be a new string for each count. */
  readonly #root: Branch<Label> = { next: new Map(), entry: undefined };

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
    let branch = this.#root;
    for (const name of this.#names) branch = follow(branch, labels[name]);
    if (branch.entry === undefined) {
      branch.entry = { labels, total: 0 };
      this.#entries.push(branch.entry);
    }
    branch.entry.total += 1;
  }

  /** Creates a reader, who is told everything there ever is, each count once. */
  createReader(): TallyReader<Label> {
    const entries = this.#entries;
    const told = new Map<Entry<Label>, number>();
    return function* (): ReturnType<TallyReader<Label>> {
      for (const entry of entries) {
        const news = entry.total - (told.get(entry) ?? 0);
        told.set(entry, entry.total);
        if (news > 0) yield [entry.labels, news];
      }
    };
  }
}

function follow<Label extends string>(
  { next }: Branch<Label>,
  value: string,
): Branch<Label> {
  let branch = next.get(value);
  if (branch === undefined) {
    branch = { next: new Map(), entry: undefined };
    next.set(value, branch);
  }
  return branch;
}
