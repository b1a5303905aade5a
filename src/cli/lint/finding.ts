import type { Position } from "../../config/yaml.ts";

/** A place in a file. */
export interface Place extends Position {
  /** The file as it was named. */
  readonly file: string;
}

/** Codes of what lint finds, which stay the same from release to release. */
export const RULES = [
  "yaml",
  "annotations-malformed",
  "annotation-not-text",
  "misspelt-key",
  "unknown-key",
  "misplaced-annotation",
  "account-malformed",
  "scopes-malformed",
  "no-account",
  "host-network",
  "namespace-list-malformed",
  "list-empty",
  "pattern-malformed",
  "pattern-matches-nothing",
  "pattern-matches-everything",
  "namespace-denied",
] as const;

/** One of {@linkcode RULES}. */
export type Rule = typeof RULES[number];

/** One thing wrong with manifests. */
export interface Finding {
  /** Where. */
  readonly place: Place;
  /** An `error` cannot work; a `warning` works, but is seldom meant. */
  readonly severity: "error" | "warning";
  /** What kind of thing it is. */
  readonly rule: Rule;
  /** The object, such as `Deployment shop/cart`; none if the text does not parse. */
  readonly object: string | undefined;
  /** What is wrong, without final period. */
  readonly message: string;
  /** What to change, without final period. */
  readonly advice: string;
}

/**
 * Orders findings by file, in the order given, and by place.
 *
 * @param findings Findings.
 * @param files Names of the files.
 */
export function inDocumentOrder(
  findings: readonly Finding[],
  files: readonly string[],
): readonly Finding[] {
  return findings.toSorted(({ place: left }, { place: right }) =>
    files.indexOf(left.file) - files.indexOf(right.file) ||
    left.line - right.line || left.column - right.column
  );
}

const MAX_SHOWN = 100;

/**
 * Quotes a value of a manifest, and cuts it where it is very long.
 *
 * @param value A text, or anything else that YAML can hold.
 */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
