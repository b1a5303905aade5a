import {
  type Collection,
  listAndWatch,
  type ListAndWatchOptions,
} from "./list_and_watch.ts";

/** An index that a collection's events are applied to. */
export interface Store<T> {
  /** Adds an item or replaces what was known of it. */
  apply(item: T): void;
  /** Forgets an item. */
  remove(item: T): void;
  /** Replaces everything known. */
  replaceAll(items: readonly T[]): void;
}

/**
 * Keeps an index true to a collection of the API server.
 *
 * @typeParam T What is kept of an object.
 */
export class Informer<T> {
  readonly #collection: Collection<T>;
  readonly #store: Store<T>;
  readonly #onChange: () => void;
  #hasSynced = false;
  #contactAtMs: number | undefined;

  /**
   * Creates an informer that does nothing until {@linkcode run}.
   *
   * @param collection What to follow.
   * @param options `store` to keep it in; `onChange` is called after each change of it.
   */
  constructor(
    collection: Collection<T>,
    options: { readonly store: Store<T>; readonly onChange: () => void },
  ) {
    this.#collection = collection;
    this.#store = options.store;
    this.#onChange = options.onChange;
  }

  /** Whether a complete list was applied. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Time of the last word from the API server, in milliseconds since the Unix epoch. */
  get contactAtMs(): number | undefined {
    return this.#contactAtMs;
  }

  /**
   * Follows the collection until the signal fires; never throws.
   *
   * @param options Collaborators.
   */
  async run(options: ListAndWatchOptions): Promise<void> {
    for await (const event of listAndWatch(this.#collection, options)) {
      this.#contactAtMs = options.clock.now();
      if (event.kind === "contact") continue;
      if (event.kind === "replaced") {
        this.#store.replaceAll(event.items);
        this.#hasSynced = true;
      } else if (event.kind === "applied") {
        this.#store.apply(event.item);
      } else {
        this.#store.remove(event.item);
      }
      this.#onChange();
    }
  }
}
