import { formatQuantity, formatValue, withUnit } from "./quantity.ts";
import type { Figure, Target } from "./scenario.ts";
import { summarize } from "./summary.ts";

const HEAD = ["What", "Median", "Min–Max", "Target", "Met"] as const;

/**
 * Writes figures as a Markdown table, aligned as `deno fmt` does it.
 *
 * @param figures One row each.
 * @returns Lines, without a newline at the end.
 */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map(formatRow);
  const widths = HEAD.map((name, column) =>
    Math.max(name.length, ...rows.map((cells) => cells[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]): string =>
    `| ${
      cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")
    } |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(HEAD), line(rule), ...rows.map(line)].join("\n");
}

function formatRow(figure: Figure): readonly string[] {
  const { what, unit, target } = figure;
  const { median, min, max, met } = summarize(figure);
  return [
    what,
    formatQuantity(median, unit),
    `${formatValue(min, unit)}–${formatValue(max, unit)}`,
    target === undefined ? "" : formatTarget(target, unit),
    met === undefined ? "" : met ? "yes" : "no",
  ];
}

function formatTarget(target: Target, unit: string): string {
  const [sign, bound] = "least" in target
    ? ["≥", target.least]
    : ["≤", target.most];
  return `${sign} ${withUnit(formatBound(bound, unit), unit)}`;
}

/** A bound is a number that somebody chose, and is written as it was chosen. */
function formatBound(bound: number, unit: string): string {
  return unit === "ratio"
    ? formatValue(bound, unit)
    : bound.toLocaleString("en-US");
}
