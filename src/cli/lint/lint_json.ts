import { writeJson } from "../write_json.ts";
import type { LintReport } from "./lint_manifests.ts";
import { countFindings } from "./lint_text.ts";

/**
 * Writes a report for programs: an object with `findings` and a `summary`.
 *
 * @param report What was found.
 */
export function lintJson({ findings, objects, files }: LintReport): string {
  return writeJson({
    findings: findings.map(({ place, ...rest }) => ({
      file: place.file,
      line: place.line,
      column: place.column,
      severity: rest.severity,
      rule: rest.rule,
      object: rest.object ?? null,
      message: rest.message,
      advice: rest.advice,
    })),
    summary: { ...countFindings(findings), objects, files },
  });
}
