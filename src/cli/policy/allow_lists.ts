import { suggest } from "../../core/suggest.ts";
import type { AllowList } from "../../core/allow_list.ts";
import type { DecisionRow, TableNamespace } from "./decision_table.ts";
import { TableError, type TableIssue } from "./table_error.ts";

/** The namespaces of one file. */
export interface NamespaceFile {
  /** The file as it was named. */
  readonly file: string;
  /** Its namespaces, in document order. */
  readonly namespaces: readonly TableNamespace[];
}

/**
 * Joins the namespaces of a table and its manifests.
 *
 * @param files Namespaces by file.
 * @returns Each namespace's list by its name.
 * @throws {TableError} If a namespace stands in two places.
 */
export function joinAllowLists(
  files: readonly NamespaceFile[],
): ReadonlyMap<string, AllowList> {
  const lists = new Map<string, AllowList>();
  const places = new Map<string, string>();
  const issues: TableIssue[] = [];
  for (const { file, namespaces } of files) {
    for (const { name, place, allowList } of namespaces) {
      const first = places.get(name);
      if (first !== undefined) {
        const message = `namespace ${name} stands in ${first}, too`;
        issues.push({ file, ...place, message });
        continue;
      }
      places.set(name, `${file}:${place.line}:${place.column}`);
      lists.set(name, allowList);
    }
  }
  if (issues.length > 0) throw new TableError(issues);
  return lists;
}

/**
 * Makes sure that the namespace of each row is known: a misspelt one would be refused, and a
 * row that expects so would pass.
 *
 * @param file The table's file as it was named.
 * @param rows Rows of the table.
 * @param allowLists Known namespaces.
 * @throws {TableError} If one is not.
 */
export function requireNamespaces(
  file: string,
  rows: readonly DecisionRow[],
  allowLists: ReadonlyMap<string, AllowList>,
): void {
  const issues = rows.filter(({ namespace }) => !allowLists.has(namespace))
    .map(({ namespace, place }): TableIssue => {
      const meant = suggest(namespace, [...allowLists.keys()]);
      const hint = meant === undefined
        ? "add it to namespaces, with null if it has no list"
        : `did you mean ${meant}?`;
      const message =
        `namespace ${namespace} is neither in the table nor in its manifests; ${hint}`;
      return { file, ...place, message };
    });
  if (issues.length > 0) throw new TableError(issues);
}
