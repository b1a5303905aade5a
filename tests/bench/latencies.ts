/** Times that answers took, of which there may be a million. */
export class Latencies {
  readonly #ms: number[] = [];

  /** How many there are. */
  get count(): number {
    return this.#ms.length;
  }

  /**
   * Adds one.
   *
   * @param ms Milliseconds.
   */
  add(ms: number): void {
    this.#ms.push(ms);
  }

  /**
   * Finds the times that given shares of the answers took at most.
   *
   * @param shares Such as 0.99.
   * @returns Milliseconds for each, NaN if there is no time.
   */
  percentiles(shares: readonly number[]): readonly number[] {
    const sorted = Float64Array.from(this.#ms).sort();
    return shares.map((share) =>
      sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? NaN
    );
  }
}
