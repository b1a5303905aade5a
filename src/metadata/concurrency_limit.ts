/** How many of something may go on at once. */
export interface ConcurrencyLimitOptions {
  /** In all. */
  readonly total: number;
  /** For each caller. */
  readonly perAddress: number;
}

/** Callers whose count is kept though it is none, for they will call again. */
const MAX_IDLE = 1_024;

/** Bounds what goes on at once, in all and for each caller. */
export class ConcurrencyLimit {
  readonly #options: ConcurrencyLimitOptions;
  readonly #counts = new Map<string, number>();
  #total = 0;

  /**
   * Creates a limit of which nothing is used.
   *
   * @param options The bounds.
   */
  constructor(options: ConcurrencyLimitOptions) {
    this.#options = options;
  }

  /** Places taken. */
  get total(): number {
    return this.#total;
  }

  /**
   * Takes a place, if there is one.
   *
   * @param address Canonical address of the caller.
   * @returns Whether one was taken; it has to be given back by {@linkcode leave}.
   */
  enter(address: string): boolean {
    const { total, perAddress } = this.#options;
    const own = this.#counts.get(address) ?? 0;
    if (this.#total >= total || own >= perAddress) return false;
    this.#counts.set(address, own + 1);
    this.#total += 1;
    return true;
  }

  /**
   * Gives a place back.
   *
   * @param address Canonical address of the caller.
   */
  leave(address: string): void {
    const own = this.#counts.get(address) ?? 0;
    this.#counts.set(address, Math.max(0, own - 1));
    this.#total -= 1;
    if (this.#counts.size > MAX_IDLE) this.#forgetIdle();
  }

  #forgetIdle(): void {
    for (const [address, count] of this.#counts) {
      if (count === 0) this.#counts.delete(address);
    }
  }
}
