const MAX_WAITS = 64;
const MAX_WAITS_PER_ADDRESS = 8;

/**
 * Bounds how many requests wait for a change of a metadata entry, in all and
 * for each caller: each holds a connection to the real server.
 */
export class WaitLimit {
  readonly #waits = new Map<string, number>();
  #count = 0;

  /**
   * Takes a place, if there is one.
   *
   * @param address Canonical address of the caller.
   * @returns Whether one was taken; it has to be given back by {@linkcode leave}.
   */
  enter(address: string): boolean {
    const own = this.#waits.get(address) ?? 0;
    if (this.#count >= MAX_WAITS || own >= MAX_WAITS_PER_ADDRESS) return false;
    this.#waits.set(address, own + 1);
    this.#count += 1;
    return true;
  }

  /**
   * Gives a place back.
   *
   * @param address Canonical address of the caller.
   */
  leave(address: string): void {
    const own = this.#waits.get(address) ?? 0;
    if (own <= 1) this.#waits.delete(address);
    else this.#waits.set(address, own - 1);
    this.#count -= 1;
  }
}
