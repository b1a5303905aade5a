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
  /** Pause before the next look, in milliseconds. */
  readonly pauseMs: () => number;
  /** Time. */
  readonly clock: Clock;
  /** Takes what was removed. */
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Removes rules of ours that an earlier configuration has left with another tool, again
 * and again while there are any: a daemon that is about to end may restore its own.
 *
 * @param options Collaborators.
 */
export async function removeLeftovers(
  options: LeftoversOptions,
): Promise<void> {
  const { redirected, pauseMs, clock, log, signal } = options;
  if (await firstOf(redirected, signal) === "aborted") return;
  try {
    while (await removeOnce(options) && !signal.aborted) {
      await clock.sleep(pauseMs(), signal);
    }
  } catch (error) {
    log("warn", "Rules of an earlier configuration cannot be removed", {
      error: describeError(error),
    });
  }
}

/** Tells whether there were any. */
async function removeOnce(
  { backend, runCommand, isSuperseded, log }: LeftoversOptions,
): Promise<boolean> {
  const { places, isCertain } = await backend.findPlaces();
  if (!isCertain || isSuperseded()) return false;
  const { found, failures } = await findOwnRules(runCommand);
  const leftovers = found.filter(({ place }) => !places.includes(place));
  for (const { place, remove } of leftovers) {
    await remove();
    log("info", "Removed rules of an earlier configuration", { place });
  }
  if (failures[0] !== undefined) throw failures[0];
  return leftovers.length > 0;
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
