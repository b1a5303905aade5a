import type { Clock } from "../../src/core/clock.ts";
import { Journal } from "../../src/sandbox/journal.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

/** A clock whose pauses are written down and take no time, and whose deadlines wait to be reached. */
export class SwiftTime {
  readonly manual: ManualTime = new ManualTime();
  readonly #deadlineMs: number;
  readonly #pauses = new Journal<number>();
  #gate: Promise<void> = Promise.resolve();

  /** Takes sleeps from so many milliseconds on for deadlines. */
  constructor(deadlineMs = 30_000) {
    this.#deadlineMs = deadlineMs;
  }

  readonly clock: Clock = {
    now: this.manual.now,
    sleep: async (ms, signal = new AbortController().signal) => {
      if (ms >= this.#deadlineMs) return await this.manual.sleep(ms, signal);
      this.#pauses.add(ms);
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
      await Promise.race([this.#gate, promise]);
    },
  };

  /** Every pause so far, in milliseconds, oldest first. */
  get pauses(): readonly number[] {
    return this.#pauses.entries;
  }

  /** Waits until so many pauses have begun. */
  async paused(count: number): Promise<void> {
    await this.#pauses.reached(count);
  }

  /** Lets pauses from now on last until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => resolve();
  }
}
