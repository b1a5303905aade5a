import assert from "node:assert/strict";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { limitFindings } from "../../../src/cli/doctor/limit_findings.ts";
import { formatJson } from "../../../src/cli/doctor/report_json.ts";
import { formatTable } from "../../../src/cli/doctor/report_table.ts";
import { createStyle } from "../../../src/cli/style.ts";

const HOSTILE = "a\x1b[2J\x9b1m\u202e\u{e0001}\nok  all  is well";
const FINDINGS: readonly Finding[] = [
  { name: "one", status: "ok", detail: "fine" },
  { name: "three", status: "failed", detail: HOSTILE, fix: HOSTILE },
  { name: "two", status: "warning", detail: "soon", fix: "do" },
  { name: "four", status: "not-checked", detail: "why" },
];

Deno.test("formatTable() aligns, counts, and shows controls", () => {
  const shown = String
    .raw`a\x1b[2J\x9b1m\u{202e}\u{e0001}\x0aok  all  is well`;
  assert.equal(
    formatTable(FINDINGS, createStyle({ useColor: false })),
    [
      "ok           one    fine",
      `failed       three  ${shown}`,
      `             fix: ${shown}`,
      "warning      two    soon",
      "             fix: do",
      "not checked  four   why",
      "",
      "1 failed, 1 warning, 1 not checked, 1 ok",
      "",
    ].join("\n"),
  );
});

Deno.test("formatTable() colours states and nothing else", () => {
  assert.equal(
    formatTable(FINDINGS.slice(2, 3), createStyle({ useColor: true })),
    "\x1b[33mwarning\x1b[0m      two  soon\n" +
      "             \x1b[1mfix:\x1b[0m do\n\n" +
      "0 failed, 1 warning, 0 not checked, 0 ok\n",
  );
});

Deno.test("formatJson() is JSON of the findings, without a control in it", () => {
  const text = formatJson(FINDINGS);
  assert.deepEqual(JSON.parse(text), { findings: FINDINGS });
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
});

Deno.test("limitFindings() sums up what is past the twentieth, as the worst of it", () => {
  const many = Array.from({ length: 23 }, (_, index): Finding => ({
    name: "pod",
    status: index === 21 ? "failed" : "warning",
    detail: `p${index}`,
    fix: `f${index}`,
  }));
  assert.deepEqual(limitFindings(many.slice(0, 20), "pods"), many.slice(0, 20));
  assert.deepEqual(limitFindings(many, "pods"), [
    ...many.slice(0, 20),
    {
      name: "3 more pods",
      status: "failed",
      detail: "such as p21",
      fix: "f21",
    },
  ]);
});
