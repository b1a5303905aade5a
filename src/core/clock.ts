/** Where time comes from; a test passes its own. */
export interface Clock {
  /** Tells the current time, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Waits.
   *
   * @param ms How long, in milliseconds.
   * @param signal Ends the wait early; the promise then resolves all the same.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
