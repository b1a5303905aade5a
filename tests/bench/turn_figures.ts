import type { Turn } from "./contender.ts";
import type { Figure, Target } from "./scenario.ts";

/**
 * Gives the figures of one contender: throughput, latency, processor time. One that does
 * not use most of a core was not what held up the throughput; what made the load was, or
 * whoever else shares the machine.
 *
 * @param title What the figures are of: `Warm token, 16 connections`.
 * @param turns One a round.
 */
export function turnFigures(
  title: string,
  turns: readonly Turn[],
): readonly Figure[] {
  const figure = (name: string, unit: string, of: keyof Turn): Figure => ({
    what: `${title}: ${name}`,
    unit,
    values: turns.map((turn) => turn[of]),
  });
  return [
    figure("throughput", "requests/s", "requestsPerSecond"),
    figure("p50", "ms", "p50Ms"),
    figure("p99", "ms", "p99Ms"),
    figure("CPU per request", "µs", "cpuMicros"),
    {
      what: `${title}: share of a core`,
      unit: "%",
      values: turns.map(({ requestsPerSecond, cpuMicros }) =>
        requestsPerSecond * cpuMicros / 1e4
      ),
    },
  ];
}

/** What is compared of two contenders. */
export interface Comparison {
  /** What the figure is to be called. */
  readonly what: string;
  /** Which value of a turn. */
  readonly of: keyof Turn;
  /** Turns of the one that is looked at. */
  readonly turns: readonly Turn[];
  /** Turns of the one that it is held against, in the same rounds. */
  readonly limits: readonly Turn[];
  /** What the ratio is to keep, if anything. */
  readonly target?: Target | undefined;
}

/**
 * Gives the ratio of two contenders, round by round.
 *
 * @param comparison What is compared.
 */
export function ratioFigure(
  { what, of, turns, limits, target }: Comparison,
): Figure {
  return {
    what,
    unit: "ratio",
    values: turns.map((turn, round) => turn[of] / (limits[round]?.[of] ?? NaN)),
    ...(target === undefined ? {} : { target }),
  };
}
