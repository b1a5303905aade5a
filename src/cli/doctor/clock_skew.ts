import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

/** When an answer said that it was made, and when it was asked for and came, by the local clock. */
export interface ClockReading {
  /** Value of the `Date` header: whole seconds. */
  readonly date: string | undefined;
  /** When the request was sent, in milliseconds since the Unix epoch. */
  readonly sentMs: number;
  /** When the answer came, in milliseconds since the Unix epoch. */
  readonly receivedMs: number;
}

/** Beyond it, the daemon may take the pod that had an address before for the one that has it. */
const WARN_MS = 2_000;
/** Beyond it, Google takes no assertion that is signed by this clock. */
const FAIL_MS = 300_000;

const FIX = "Set the node's clock right: see its NTP service (chrony)";

/**
 * Tells by how much the local clock is ahead, at the least.
 *
 * @param reading The other clock.
 * @returns Milliseconds, negative if it is behind, 0 if the clocks may be the same;
 * `undefined` if the other tells no time.
 */
export function skewOf(
  { date, sentMs, receivedMs }: ClockReading,
): number | undefined {
  const fromMs = Date.parse(date ?? "");
  if (Number.isNaN(fromMs)) return undefined;
  // The header leaves out what is below a second.
  const least = sentMs - (fromMs + 1_000);
  const most = receivedMs - fromMs;
  if (least > 0) return least;
  return most < 0 ? most : 0;
}

/**
 * Judges the local clock by another.
 *
 * @param other Whose clock it is.
 * @param outcome What it said, or why it did not.
 */
export function judgeClock(
  other: string,
  outcome: Outcome<ClockReading>,
): Finding {
  const name = `clock by ${other}`;
  if (outcome.kind !== "got") return notChecked(name, describeMiss(outcome));
  const skewMs = skewOf(outcome.value);
  if (skewMs === undefined) return notChecked(name, "the answer tells no time");
  const size = Math.abs(skewMs);
  const seconds = `${Math.round(size / 1_000)} s`;
  const detail = `this machine is ${seconds} ${
    skewMs > 0 ? "ahead" : "behind"
  }`;
  if (size > FAIL_MS) return failed(name, detail, FIX);
  if (size > WARN_MS) return warning(name, detail, FIX);
  return ok(name, `within ${WARN_MS / 1_000} s`);
}
