import { showControls, type Style } from "../style.ts";
import type { RowResult } from "./test_table.ts";

/** What became of a whole table. */
export interface TableResult {
  /** The file as it was named. */
  readonly file: string;
  /** Each row. */
  readonly rows: readonly RowResult[];
}

/**
 * Writes each row that fails, and how many do.
 *
 * @param tables What became of the tables.
 * @param style Makes text stand out.
 */
export function tableText(
  tables: readonly TableResult[],
  style: Style,
): string {
  const results = tables.flatMap(({ rows }) => rows);
  const failed = results.filter(({ isExpected }) => !isExpected).length;
  const passed = results.length - failed;
  return [
    ...tables.flatMap(({ file, rows }) =>
      rows.filter(({ isExpected }) => !isExpected).map((result) =>
        describe(file, { result, style })
      )
    ),
    style(`${passed} passed`, "good"),
    ", ",
    style(`${failed} failed`, failed > 0 ? "bad" : "faint"),
    "\n",
  ].join("");
}

function describe(
  file: string,
  { result, style }: { readonly result: RowResult; readonly style: Style },
): string {
  const { row, got, because } = result;
  const { place, name, namespace, account, scopes } = row;
  const wanted = `${account ?? "no account"} in namespace ${namespace}${
    scopes === undefined ? "" : ` with scopes ${scopes}`
  }`;
  const title = name === undefined ? wanted : `${name}: ${wanted}`;
  return [
    `${style(`${file}:${place.line}:${place.column}:`, "heading")} ${
      showControls(title)
    }`,
    `    expected ${style(row.expect, "good")}, got ${style(got, "bad")}: ${
      showControls(because)
    }`,
    "",
  ].join("\n");
}
