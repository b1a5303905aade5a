import type { ResourceName } from "./resources.ts";
import type { StoreEvent } from "./store.ts";
import type { WatchStream } from "./watch_stream.ts";

/** All open watches, with a way to wait until there are as many as one wants. */
export class KubernetesWatches {
  readonly #open = new Set<WatchStream>();
  readonly #waiters = new Set<() => void>();
  #isSilent = false;

  /** Creates the set, empty. */
  constructor() {}

  /**
   * Counts the open watches of a resource.
   *
   * @param resource Which resource.
   */
  count(resource: ResourceName): number {
    return this.#of(resource).length;
  }

  /**
   * Waits until exactly so many watches of a resource are open.
   *
   * @param resource Which resource.
   * @param count How many; may be 0.
   */
  reached(resource: ResourceName, count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.count(resource) !== count) return;
      this.#waiters.delete(check);
      resolve();
    };
    this.#waiters.add(check);
    check();
    return promise;
  }

  /**
   * Takes in a new watch, which is silent if the others are.
   *
   * @param stream Watch that has just been opened.
   */
  add(stream: WatchStream): void {
    if (this.#isSilent) stream.silence();
    this.#open.add(stream);
    this.#wake();
  }

  /**
   * Takes out a watch whose connection is gone. Doing it twice changes nothing.
   *
   * @param stream Watch that is over.
   */
  delete(stream: WatchStream): void {
    if (this.#open.delete(stream)) this.#wake();
  }

  /** Takes out every watch, for connections that are about to be broken. */
  clear(): void {
    this.#open.clear();
    this.#wake();
  }

  /**
   * Tells every watch of a change.
   *
   * @param change Change of one object.
   */
  deliver(change: StoreEvent): void {
    for (const stream of this.#open) stream.deliver(change);
  }

  /** Keeps back the events of all watches, those opened later included. */
  silence(): void {
    this.#isSilent = true;
    for (const stream of this.#open) stream.silence();
  }

  /** Ends the silence: what was kept back goes out first. */
  speak(): void {
    this.#isSilent = false;
    for (const stream of this.#open) stream.speak();
  }

  /** Ends every watch cleanly. */
  endAll(): void {
    for (const stream of this.#open) stream.end();
    this.clear();
  }

  /**
   * Does something with every watch of a resource.
   *
   * @param act What to do.
   * @param resource Which resource; all if left out.
   */
  forEach(act: (stream: WatchStream) => void, resource?: ResourceName): void {
    for (
      const stream of resource === undefined
        ? [...this.#open]
        : this.#of(resource)
    ) act(stream);
  }

  #of(resource: ResourceName): WatchStream[] {
    return [...this.#open].filter((stream) =>
      stream.type.resource === resource
    );
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }
}
