import type { Position } from "../../config/yaml.ts";

/** One thing wrong with a table. */
export interface TableIssue extends Position {
  /** The file as it was named. */
  readonly file: string;
  /** What is wrong and what is expected, without final period. */
  readonly message: string;
}

/** Thrown when a table cannot be used. */
export class TableError extends Error {
  /** All that is wrong, in document order. */
  readonly issues: readonly TableIssue[];

  /**
   * Creates the error; its message lists one issue a line.
   *
   * @param issues At least one issue.
   */
  constructor(issues: readonly TableIssue[]) {
    super(
      issues.map(({ file, line, column, message }) =>
        `${file}:${line}:${column}: ${message}`
      ).join("\n"),
    );
    this.name = "TableError";
    this.issues = issues;
  }
}
