import type { AllowList } from "../../core/allow_list.ts";
import type { Position } from "../../config/yaml.ts";

/** What a row can expect: a token, or the reasons that a pod's and a namespace's own words are refused for. */
export const EXPECTATIONS = [
  "allow",
  "namespace-denied",
  "namespace-list-malformed",
  "account-malformed",
  "scopes-malformed",
  "no-account",
] as const;

/** One of {@linkcode EXPECTATIONS}. */
export type Expectation = typeof EXPECTATIONS[number];

/** One row of a table: a pod, and what should become of it. */
export interface DecisionRow {
  /** Where it begins. */
  readonly place: Position;
  /** What it is about, in its author's words. */
  readonly name: string | undefined;
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Value of the pod's account annotation. */
  readonly account: string | undefined;
  /** Value of the pod's scopes annotation. */
  readonly scopes: string | undefined;
  /** What should be decided. */
  readonly expect: Expectation;
}

/** A file with manifests of namespaces, as a table names it. */
export interface ManifestReference {
  /** Path, relative to the table's folder. */
  readonly path: string;
  /** Where the table names it. */
  readonly place: Position;
}

/** A namespace with its list, as a table or a manifest has it. */
export interface TableNamespace {
  /** Name of the namespace. */
  readonly name: string;
  /** Accounts that its pods may have. */
  readonly allowList: AllowList;
  /** Where it stands. */
  readonly place: Position;
}

/** A table of decisions, as it was written. */
export interface DecisionTable {
  /** Files with more namespaces. */
  readonly manifests: readonly ManifestReference[];
  /** Namespaces that stand in the table itself. */
  readonly namespaces: readonly TableNamespace[];
  /** At least one row. */
  readonly rows: readonly DecisionRow[];
}
