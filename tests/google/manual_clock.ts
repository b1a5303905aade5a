import type { Clock } from "../../src/core/clock.ts";
import type { ManualTime } from "../sandbox/manual_time.ts";

/** The clock that shows a test's time. */
export function clockOf(time: ManualTime): Clock {
  return {
    now: time.now,
    sleep: (ms, signal = new AbortController().signal) =>
      time.sleep(ms, signal),
  };
}
