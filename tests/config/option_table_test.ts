import assert from "node:assert/strict";
import { optionTable } from "../../src/config/option_table.ts";
import { OPTIONS } from "../../src/config/schema.ts";

const README = new URL("../../README.md", import.meta.url);

/** Takes out what a formatter may change: the width of columns. */
function unaligned(table: string): string {
  return table.trim().replace(/-{3,}/g, "---").replace(/ +/g, " ");
}

Deno.test("optionTable() has an aligned row for every option", () => {
  const lines = optionTable().split("\n");
  assert.equal(lines.length, OPTIONS.length + 2);
  assert.equal(new Set(lines.map(({ length }) => length)).size, 1);
  for (const [index, { path, flag }] of OPTIONS.entries()) {
    const line = lines[index + 2] ?? "";
    assert(line.startsWith(`| \`${path}\` `), line);
    assert(line.includes(` \`--${flag}\``), line);
  }
});

Deno.test("optionTable() tells what a reload changes", () => {
  const rows = optionTable().split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  assert.deepEqual(
    rows.slice(2).map((cells) => cells[5]),
    OPTIONS.map(({ isReloadable }) => isReloadable === true ? "yes" : "no"),
  );
  assert.equal(rows[0]?.[5], "Reload");
});

Deno.test("optionTable() has no cell that breaks the table", () => {
  for (const line of optionTable().split("\n")) {
    assert.equal(line.split("|").length, 8, line);
  }
});

Deno.test("optionTable() is what README.md holds between its markers", async () => {
  const readme = await Deno.readTextFile(README);
  const table = /<!-- options -->\n([^]*)\n<!-- \/options -->/.exec(readme)
    ?.[1];
  assert(
    table !== undefined,
    "README.md has no <!-- options --> and <!-- /options --> around a table",
  );
  assert.equal(
    unaligned(table),
    unaligned(optionTable()),
    "README.md's option table is stale; put the output of optionTable() between the markers",
  );
});
