/** A clock that moves only when told, with a sleep that follows it. */
export class ManualTime {
  #nowMs: number;
  readonly #sleepers = new Set<
    { atMs: number; readonly wake: () => void }
  >();
  readonly #watchers = new Set<() => void>();

  constructor(nowMs: number = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#nowMs = nowMs;
  }

  readonly now = (): number => this.#nowMs;

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal.addEventListener("abort", () => {
      this.#sleepers.delete(sleeper);
      resolve();
      this.#check();
    }, { once: true });
    this.#check();
    return promise;
  };

  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Waits until so many calls sleep. */
  asleep(count: number): Promise<void> {
    return this.#until(() => this.#sleepers.size >= count);
  }

  /** Waits until no call sleeps. */
  idle(): Promise<void> {
    return this.#until(() => this.#sleepers.size === 0);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.atMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    this.#check();
  }

  /** Lets whatever is ready run, without time going on. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  /** Sets the clock alone: whoever sleeps sleeps as long as before. */
  jump(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of this.#sleepers) sleeper.atMs += ms;
  }

  #until(reached: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (!reached()) return;
      this.#watchers.delete(check);
      resolve();
    };
    this.#watchers.add(check);
    check();
    return promise;
  }

  #check(): void {
    for (const check of [...this.#watchers]) check();
  }
}
