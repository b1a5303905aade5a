import { formatMachine, type Machine } from "./machine.ts";
import type { Figure } from "./scenario.ts";
import { summarize } from "./summary.ts";
import { formatTable } from "./table.ts";

/** Figures of one scenario. */
export interface Measured {
  /** Name of the scenario. */
  readonly scenario: string;
  /** What it found. */
  readonly figures: readonly Figure[];
}

/** All that one run of the suite found. */
export interface Report {
  /** Where. */
  readonly machine: Machine;
  /** Rounds of each scenario. */
  readonly rounds: number;
  /** Whether all was over in a moment, so that the figures tell little. */
  readonly isShort: boolean;
  /** What was found, in the order of measuring. */
  readonly measured: readonly Measured[];
}

/**
 * Writes a report as Markdown: a line on the machine, and a table.
 *
 * @param report What was found.
 */
export function formatMarkdown(report: Report): string {
  const figures = report.measured.flatMap((each) => each.figures);
  const machine = formatMachine(report.machine);
  const warning = report.isShort ? " Too short to tell anything." : "";
  return `${machine}${warning}\n\n${formatTable(figures)}\n`;
}

/**
 * Writes a report for README: what has a target first, and all of it to be unfolded.
 *
 * @param report What was found.
 */
export function formatReadme(report: Report): string {
  const figures = report.measured.flatMap((each) => each.figures);
  const aimed = figures.filter(({ target }) => target !== undefined);
  return [
    `${formatMachine(report.machine)} Medians of ${report.rounds} rounds.`,
    formatTable(aimed),
    "<details>",
    "<summary>All figures</summary>",
    formatTable(figures),
    "</details>",
  ].join("\n\n");
}

/**
 * Writes a report as JSON, with every value of every round.
 *
 * @param report What was found.
 */
export function formatJson(report: Report): string {
  const { machine: { date, ...machine }, rounds, isShort, measured } = report;
  const figures = measured.flatMap((each) =>
    each.figures.map((figure) => ({
      scenario: each.scenario,
      ...figure,
      ...summarize(figure),
    }))
  );
  const all = { machine, date, rounds, short: isShort, figures };
  return `${JSON.stringify(all, null, 2)}\n`;
}
