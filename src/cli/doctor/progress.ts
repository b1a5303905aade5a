import type { Io } from "../io.ts";
import type { Finding } from "./finding.ts";

/** One or several checks that end together. */
export interface Check {
  /** What is looked at, in a few words. */
  readonly name: string;
  /** What it finds. */
  readonly findings: Promise<readonly Finding[]>;
}

/** Goes to the start of the line and clears it. */
const CLEAR = "\r\x1b[K";

/**
 * Waits for checks, and shows on a terminal which ones are still going on.
 *
 * @param checks The checks, running.
 * @param io Where to show it.
 * @returns All findings, in the order of the checks.
 */
export async function awaitChecks(
  checks: readonly Check[],
  { err, showsProgress }: Pick<Io, "err" | "showsProgress">,
): Promise<readonly Finding[]> {
  const waiting = new Set(checks);
  const show = (): void => {
    const [next] = waiting;
    if (!showsProgress || next === undefined) return;
    const done = checks.length - waiting.size;
    err(`${CLEAR}${done} of ${checks.length} done, waiting for ${next.name}`);
  };
  show();
  try {
    const findings = await Promise.all(checks.map(async (check) => {
      const found = await check.findings;
      waiting.delete(check);
      show();
      return found;
    }));
    return findings.flat();
  } finally {
    if (showsProgress) err(CLEAR);
  }
}
