import { showControls, type Style } from "../style.ts";
import type { Finding } from "./finding.ts";
import type { LintReport } from "./lint_manifests.ts";

/** How many findings there are of each severity. */
export interface FindingCounts {
  /** Findings that are errors. */
  readonly errors: number;
  /** Findings that are warnings. */
  readonly warnings: number;
}

/**
 * Counts findings.
 *
 * @param findings Findings.
 */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return { errors, warnings: findings.length - errors };
}

/**
 * Writes a report for people: two lines for each finding, and one for all.
 *
 * @param report What was found.
 * @param style Makes text stand out.
 */
export function lintText(report: LintReport, style: Style): string {
  const { errors, warnings } = countFindings(report.findings);
  const emphasis = errors > 0 ? "bad" : warnings > 0 ? "warning" : "good";
  const found = `${count(errors, "error")}, ${count(warnings, "warning")}`;
  const where = `in ${count(report.objects, "object")} of ${
    count(report.files, "file")
  }`;
  return [
    ...report.findings.map((finding) => describe(finding, style)),
    `${style(found, emphasis)} ${where}\n`,
  ].join("");
}

function describe(finding: Finding, style: Style): string {
  const { place, severity, rule, object, message, advice } = finding;
  const at = `${place.file}:${place.line}:${place.column}:`;
  const about = object === undefined ? "" : `${object}: `;
  return [
    style(at, "heading"),
    style(`${severity}:`, severity === "error" ? "bad" : "warning"),
    showControls(`${about}${message}`),
    style(`[${rule}]`, "faint"),
  ].join(" ") + `\n    ${showControls(advice)}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
