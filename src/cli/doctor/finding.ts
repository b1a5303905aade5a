/** How a check came out. */
export type Status =
  | "ok"
  /** Something that will go wrong, or may. */
  | "warning"
  /** Something that keeps pods from their tokens, or lets them past the daemon. */
  | "failed"
  /** It could not be looked at; the detail says why. */
  | "not-checked";

/** What a check found. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly name: string;
  /** How it came out. */
  readonly status: Status;
  /** What was seen, without a final period. */
  readonly detail: string;
  /** What to do about it: one sentence or command, without a final period. */
  readonly fix?: string;
}

/**
 * Makes the finding of something that is as it should be.
 *
 * @param name What was looked at.
 * @param detail What was seen.
 */
export function ok(name: string, detail: string): Finding {
  return { name, status: "ok", detail };
}

/**
 * Makes the finding of something that may go wrong.
 *
 * @param name What was looked at.
 * @param detail What was seen.
 * @param fix What to do about it.
 */
export function warning(name: string, detail: string, fix: string): Finding {
  return { name, status: "warning", detail, fix };
}

/**
 * Makes the finding of something that is wrong.
 *
 * @param name What was looked at.
 * @param detail What was seen.
 * @param fix What to do about it.
 */
export function failed(name: string, detail: string, fix: string): Finding {
  return { name, status: "failed", detail, fix };
}

/**
 * Makes the finding of something that could not be looked at.
 *
 * @param name What was to be looked at.
 * @param reason Why it was not.
 */
export function notChecked(name: string, reason: string): Finding {
  return { name, status: "not-checked", detail: reason };
}
