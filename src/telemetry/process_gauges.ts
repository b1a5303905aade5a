import type { Clock } from "../core/clock.ts";
import type { GaugeDefinition } from "./instruments.ts";

const INTERVAL_MS = 500;

/**
 * Measures how late the event loop is: nothing is answered while it is busy.
 *
 * Own code, because prom-client's gauge goes by an interface that is not right under Deno.
 */
export class EventLoopDelay {
  readonly #clock: Clock;
  #longestMs = 0;

  /**
   * Creates a meter that {@linkcode run} keeps going.
   *
   * @param clock Time.
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Gives the longest delay since it was asked before, and begins anew.
   *
   * @returns Milliseconds.
   */
  take(): number {
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  /**
   * Measures until the signal fires.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const dueMs = this.#clock.now() + INTERVAL_MS;
      await this.#clock.sleep(INTERVAL_MS, signal);
      const lateMs = this.#clock.now() - dueMs;
      this.#longestMs = Math.max(this.#longestMs, lateMs);
    }
  }
}

/**
 * Gives the gauges of the process itself, under the names that dashboards know.
 *
 * @param startedAtMs When the process began, in milliseconds since the Unix epoch.
 * @param delay How late the event loop is.
 */
export function processGauges(
  startedAtMs: number,
  delay: EventLoopDelay,
): readonly GaugeDefinition[] {
  return [
    {
      name: "process_resident_memory_bytes",
      help: "Memory of the process",
      read: () => Deno.memoryUsage().rss,
    },
    {
      name: "process_heap_bytes",
      help: "Memory in use by the program's own values",
      read: () => Deno.memoryUsage().heapUsed,
    },
    {
      name: "process_start_time_seconds",
      help: "When the process began, in seconds since the Unix epoch",
      read: () => startedAtMs / 1000,
    },
    {
      name: "saassigner_event_loop_delay_seconds",
      help: "Longest time that the event loop was late since the last reading",
      read: () => delay.take() / 1000,
    },
  ];
}
