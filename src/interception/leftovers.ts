import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import { findOwnRules } from "./own_rules.ts";
import type { RuleBackend } from "./rule_group.ts";
import type { RunCommand } from "./run_command.ts";

/** What {@linkcode removeLeftovers} needs. */
export interface LeftoversOptions {
  /** Whose rules stay. */
  readonly backend: RuleBackend;
  /** Runs the tools. */
  readonly runCommand: RunCommand;
  /** Fulfilled once the backend leads pods' requests here; until then leftovers may do so. */
  readonly redirected: Promise<"redirected">;
  /** Whether the rules are another daemon's care. */
  readonly isSuperseded: () => boolean;
  /** Whether another daemon listens on this node, which can restore what was removed. */
  readonly hasNeighbour: () => boolean;
  /** Pause before the next look, in milliseconds. */
  readonly pauseMs: () => number;
  /** Time. */
  readonly clock: Clock;
  /** Takes what was removed. */
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A daemon that is about to end restores its rules; pods are refused until they are gone. */
const RESTLESS_MS = 1_000;
/** Looks in a row that must find nothing, after one that did. */
const QUIET_LOOKS = 3;

/**
 * Removes rules of ours that an earlier configuration has left with another tool, again
 * and again while there are any, or another daemon could restore them.
 *
 * @param options Collaborators.
 */
export async function removeLeftovers(
  options: LeftoversOptions,
): Promise<void> {
  const { redirected, hasNeighbour, pauseMs, clock, log, signal } = options;
  if (await firstOf(redirected, signal) === "aborted") return;
  let looksToGo = 1;
  let said: string | undefined;
  do {
    const { removed, failure } = await removeOnce(options);
    const trouble = failure === undefined ? undefined : describeError(failure);
    if (trouble !== undefined && trouble !== said) {
      log("warn", "Rules of an earlier configuration cannot be removed", {
        error: trouble,
      });
    }
    said = trouble;
    if (removed > 0) looksToGo = QUIET_LOOKS;
    else if (failure === undefined && !hasNeighbour()) looksToGo--;
    const isRestless = looksToGo > 0 && failure === undefined;
    if (looksToGo > 0) {
      await clock.sleep(isRestless ? RESTLESS_MS : pauseMs(), signal);
    }
  } while (looksToGo > 0 && !signal.aborted);
}

async function removeOnce(
  { backend, runCommand, isSuperseded, log }: LeftoversOptions,
): Promise<{ readonly removed: number; readonly failure: unknown }> {
  let removed = 0;
  try {
    const { places, isCertain } = await backend.findPlaces();
    if (!isCertain || isSuperseded()) return { removed, failure: undefined };
    const { found, failures } = await findOwnRules(runCommand);
    for (const { place, remove } of found) {
      if (places.includes(place)) continue;
      await remove();
      removed++;
      log("info", "Removed rules of an earlier configuration", { place });
    }
    return { removed, failure: failures[0] };
  } catch (failure) {
    return { removed, failure };
  }
}

/** Tells which comes first. */
async function firstOf(
  redirected: Promise<"redirected">,
  signal: AbortSignal,
): Promise<"redirected" | "aborted"> {
  const { promise, resolve } = Promise.withResolvers<"aborted">();
  const end = (): void => resolve("aborted");
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const first = await Promise.race([redirected, promise]);
  signal.removeEventListener("abort", end);
  return first;
}
