const UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** What a written duration looks like; the JSON Schema shows it too. */
export const DURATION_PATTERN = "^(?:0|(?:[0-9]+(?:[.][0-9]+)?(?:ms|s|m|h))+)$";

const DURATION = new RegExp(DURATION_PATTERN);

/**
 * Reads a duration such as `2s`, `500ms`, `1m30s`, `1.5h` or `0`.
 *
 * @param text Duration as written; a number other than 0 needs a unit.
 * @returns Milliseconds, rounded, or `undefined` if the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    milliseconds += Number(amount) * (UNITS.get(unit ?? "") ?? 0);
  }
  return Math.round(milliseconds);
}

/**
 * Writes a duration as {@linkcode parseDuration} reads it, largest unit first.
 *
 * @param milliseconds Whole milliseconds, not negative.
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  let rest = milliseconds;
  let text = "";
  for (const [unit, size] of [...UNITS].reverse()) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
