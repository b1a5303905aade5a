import type { Origin } from "./config.ts";

/** One thing wrong with the configuration. */
export interface ConfigIssue {
  /** Where it came from: a file name, the flag as typed, or a variable's name. */
  readonly source: string;
  /** Line in the file, from 1. */
  readonly line?: number;
  /** Column in the file, from 1. */
  readonly column?: number;
  /** Path of the value, such as `server.port`; empty for the whole source. */
  readonly path: string;
  /** What is wrong and what is accepted, without a final period; secrets are masked. */
  readonly message: string;
}

/** Thrown when the configuration cannot be used; carries every issue found. */
export class ConfigError extends Error {
  /** All issues: flags first, then the file in document order, then the environment. */
  readonly issues: readonly ConfigIssue[];

  /**
   * Creates the error; its message lists one issue a line.
   *
   * @param issues At least one issue.
   * @param options Set `cause` when reading failed underneath.
   */
  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(issues.map(formatIssue).join("\n"), options);
    this.name = "ConfigError";
    this.issues = issues;
  }
}

/**
 * Creates an issue about a value, placed where the value came from.
 *
 * @param origin Where the value came from.
 * @param issue Key path, and what is wrong.
 */
export function issueAt(
  origin: Origin,
  issue: Pick<ConfigIssue, "path" | "message">,
): ConfigIssue {
  switch (origin.kind) {
    case "default":
      return { source: "default", ...issue };
    case "file":
      return {
        source: origin.file,
        line: origin.line,
        column: origin.column,
        ...issue,
      };
    case "flag":
      return { source: origin.flag, ...issue };
    case "environment":
      return { source: origin.name, ...issue };
  }
}

/** Prints `file:line:column: path: message`, without the parts that are missing. */
function formatIssue(issue: ConfigIssue): string {
  const place = [issue.source, issue.line, issue.column]
    .filter((part) => part !== undefined).join(":");
  return [place, issue.path, issue.message]
    .filter((part) => part !== "").join(": ");
}
