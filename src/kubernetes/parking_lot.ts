const MAX_PARKED = 1_024;
const MAX_PARKED_PER_ADDRESS = 256;

/** Where the requests from one address wait together. */
export interface Place {
  /** Fires when the last request has left. */
  readonly abandoned: AbortSignal;
  /**
   * Waits for the next {@linkcode ParkingLot.wake}.
   *
   * @param signal Ends the wait early.
   */
  nextWake(signal: AbortSignal): Promise<void>;
  /** Wakes only the requests that wait here. */
  wake(): void;
  /** Gives the place back; to be called once for each `enter`. */
  leave(): void;
}

/**
 * Holds requests that wait for their caller to become known, a bounded number
 * in all and for each address.
 */
export class ParkingLot {
  readonly #places = new Map<string, SharedPlace>();
  #count = 0;

  /** Number of requests that wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes a place among those who wait for an address.
   *
   * @param address Canonical address.
   * @param onFirst Called with the place if nobody waited for the address yet.
   * @returns The place, or `undefined` if there is no room.
   */
  enter(address: string, onFirst: (place: Place) => void): Place | undefined {
    const known = this.#places.get(address);
    if (
      this.#count >= MAX_PARKED ||
      (known?.requests ?? 0) >= MAX_PARKED_PER_ADDRESS
    ) {
      return undefined;
    }
    const place = known ?? new SharedPlace(() => this.#leave(address));
    place.requests += 1;
    this.#count += 1;
    if (known === undefined) {
      this.#places.set(address, place);
      onFirst(place);
    }
    return place;
  }

  /** Wakes every request, to look again. */
  wake(): void {
    for (const place of this.#places.values()) place.wake();
  }

  #leave(address: string): void {
    const place = this.#places.get(address);
    if (place === undefined) return;
    this.#count -= 1;
    place.requests -= 1;
    if (place.requests > 0) return;
    this.#places.delete(address);
    place.abandon();
  }
}

class SharedPlace implements Place {
  requests = 0;
  readonly leave: () => void;
  readonly #abandoning = new AbortController();
  #woken = Promise.withResolvers<void>();

  constructor(leave: () => void) {
    this.leave = leave;
  }

  get abandoned(): AbortSignal {
    return this.#abandoning.signal;
  }

  nextWake(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    this.#woken.promise.then(done);
    if (signal.aborted) done();
    return promise;
  }

  wake(): void {
    const woken = this.#woken;
    this.#woken = Promise.withResolvers();
    woken.resolve();
  }

  abandon(): void {
    this.#abandoning.abort();
  }
}
