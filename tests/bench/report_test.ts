import assert from "node:assert/strict";
import { formatJson, formatMarkdown, formatReadme } from "./report.ts";

const REPORT = {
  machine: {
    cpu: "Some CPU",
    cores: 2,
    deno: "2.9.6",
    load: "wrk 4.1.0",
    date: "2026-01-31",
  },
  rounds: 2,
  isShort: false,
  measured: [
    {
      scenario: "one",
      figures: [
        {
          what: "A",
          unit: "ratio",
          values: [1, 2],
          target: { least: 2 },
        },
      ],
    },
    {
      scenario: "two",
      figures: [{ what: "B", unit: "MiB", values: [3, 5] }],
    },
  ],
};

Deno.test("report: as Markdown, the machine and one table of all scenarios", () => {
  assert.equal(
    formatMarkdown(REPORT),
    `Some CPU, 2 cores, Deno 2.9.6, wrk 4.1.0, 2026-01-31.

| What | Median | Min–Max   | Target | Met |
| ---- | ------ | --------- | ------ | --- |
| A    | 1.50   | 1.00–2.00 | ≥ 2.00 | no  |
| B    | 4 MiB  | 3–5       |        |     |
`,
  );
});

Deno.test("report: what was too short says so", () => {
  assert.match(
    formatMarkdown({ ...REPORT, isShort: true }),
    /^.*2026-01-31\. Too short to tell anything\.\n\n\|/,
  );
});

Deno.test("report: as JSON, every value with its summary", () => {
  assert.deepEqual(JSON.parse(formatJson(REPORT)), {
    machine: { cpu: "Some CPU", cores: 2, deno: "2.9.6", load: "wrk 4.1.0" },
    date: "2026-01-31",
    rounds: 2,
    short: false,
    figures: [
      {
        scenario: "one",
        what: "A",
        unit: "ratio",
        values: [1, 2],
        target: { least: 2 },
        median: 1.5,
        min: 1,
        max: 2,
        met: false,
      },
      {
        scenario: "two",
        what: "B",
        unit: "MiB",
        values: [3, 5],
        median: 4,
        min: 3,
        max: 5,
      },
    ],
  });
});

Deno.test("report: for README, what has a target first, and all of it folded away", () => {
  assert.equal(
    formatReadme(REPORT),
    `Some CPU, 2 cores, Deno 2.9.6, wrk 4.1.0, 2026-01-31. Medians of 2 rounds.

| What | Median | Min–Max   | Target | Met |
| ---- | ------ | --------- | ------ | --- |
| A    | 1.50   | 1.00–2.00 | ≥ 2.00 | no  |

<details>

<summary>All figures</summary>

| What | Median | Min–Max   | Target | Met |
| ---- | ------ | --------- | ------ | --- |
| A    | 1.50   | 1.00–2.00 | ≥ 2.00 | no  |
| B    | 4 MiB  | 3–5       |        |     |

</details>`,
  );
});
