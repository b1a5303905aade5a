/**
 * Finds the value that a part of all values does not exceed: the nearest rank, so that of
 * few values a high part is the greatest.
 *
 * @param values In any order.
 * @param part From 0 to 1, such as 0.99.
 * @returns NaN of no values.
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}
