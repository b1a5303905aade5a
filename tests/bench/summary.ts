import type { Figure, Target } from "./scenario.ts";

/** What all rounds of a figure come to. */
export interface Summary {
  /** Half of the rounds are below it; the mean of the two in the middle if they are even. */
  readonly median: number;
  /** Least of all rounds. */
  readonly min: number;
  /** Most of all rounds. */
  readonly max: number;
  /** Whether the median keeps the target, if there is one. */
  readonly met: boolean | undefined;
}

/**
 * Sums up a figure.
 *
 * @param figure One that was measured.
 * @throws If it has no value, or one that is no number.
 */
export function summarize(
  { what, values, target }: Pick<Figure, "what" | "values" | "target">,
): Summary {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new Error(`${what}: ${JSON.stringify(values)} are not all numbers`);
  }
  const middle = median(values);
  return {
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    met: target === undefined ? undefined : keeps(middle, target),
  };
}

/**
 * Finds the middle of numbers.
 *
 * @param values At least one.
 * @returns NaN for none.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}

function keeps(value: number, target: Target): boolean {
  return "least" in target ? value >= target.least : value <= target.most;
}
