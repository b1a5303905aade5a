/**
 * Writes a value of a figure without its unit: more digits the smaller it is, and none
 * behind the point of what is counted.
 *
 * @param value The value.
 * @param unit As a figure names it; a ratio has two digits always.
 */
export function formatValue(value: number, unit: string): string {
  const digits = unit === "ratio" ? 2 : fractionDigits(value);
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/**
 * Writes a value with its unit; a ratio has none.
 *
 * @param value The value.
 * @param unit As a figure names it.
 */
export function formatQuantity(value: number, unit: string): string {
  return withUnit(formatValue(value, unit), unit);
}

/**
 * Puts a unit behind what is written already.
 *
 * @param text A value, or a bound.
 * @param unit As a figure names it; a ratio has none.
 */
export function withUnit(text: string, unit: string): string {
  return unit === "ratio" ? text : `${text} ${unit}`;
}

function fractionDigits(value: number): number {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return 0;
  return Math.abs(value) >= 10 ? 1 : 2;
}
