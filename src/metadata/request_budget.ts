import type { Deadline } from "../core/deadline.ts";

/** The time that a request may take, which starts once something has to be waited for. */
export class RequestBudget {
  readonly #start: () => Deadline;
  #deadline: Deadline | undefined;

  /**
   * Creates a budget that has not started.
   *
   * @param start Starts the time.
   */
  constructor(start: () => Deadline) {
    this.#start = start;
  }

  /** Fires at the end of the time; to be read only to wait with. */
  get signal(): AbortSignal {
    this.#deadline ??= this.#start();
    return this.#deadline.signal;
  }

  /** Stops the time, if it has started. */
  stop(): void {
    this.#deadline?.stop();
  }
}
