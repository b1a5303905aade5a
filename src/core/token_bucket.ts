/** Bounds a rate: so many at once, and so many a second in the long run. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number | undefined;

  /**
   * Creates a full bucket.
   *
   * @param perSecond Long-run rate.
   * @param burst How many may be taken at once.
   */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /**
   * Takes one, if there is one.
   *
   * @param nowMs Current time; a clock that jumps back adds nothing.
   * @returns Whether one was taken.
   */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /**
   * Tells when one can be taken, in whole milliseconds from now; 0 if one can already.
   *
   * @param nowMs Current time, as for {@linkcode take}.
   */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return Math.max(0, Math.ceil((1 - this.#tokens) * 1000 / this.#perSecond));
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#filledAtMs ?? nowMs));
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + elapsedMs * this.#perSecond / 1000,
    );
  }
}
