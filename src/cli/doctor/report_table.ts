import { type Emphasis, showControls, type Style } from "../style.ts";
import type { Finding, Status } from "./finding.ts";

const SHOWN: Readonly<
  Record<Status, { readonly text: string; readonly emphasis: Emphasis }>
> = {
  "ok": { text: "ok", emphasis: "good" },
  "warning": { text: "warning", emphasis: "warning" },
  "failed": { text: "failed", emphasis: "bad" },
  "not-checked": { text: "not checked", emphasis: "faint" },
};

const STATUS_WIDTH = SHOWN["not-checked"].text.length;
const GAP = "  ";

/**
 * Writes findings as a table for people: a line each, below it what to do, and at the end
 * how many of each kind there are.
 *
 * @param findings The findings, in the order of the checks.
 * @param style Makes text stand out, if colours can be shown.
 */
export function formatTable(
  findings: readonly Finding[],
  style: Style,
): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length));
  const indent = " ".repeat(STATUS_WIDTH) + GAP;
  const lines = findings.flatMap(({ name, status, detail, fix }) => {
    const { text, emphasis } = SHOWN[status];
    const head = style(text, emphasis) +
      " ".repeat(STATUS_WIDTH - text.length);
    const columns = [head, name.padEnd(nameWidth)];
    return [
      [...columns, showControls(detail)].join(GAP),
      ...fix === undefined
        ? []
        : [`${indent}${style("fix:", "heading")} ${showControls(fix)}`],
    ];
  });
  return `${lines.join("\n")}\n\n${countAll(findings)}\n`;
}

function countAll(findings: readonly Finding[]): string {
  const kinds = ["failed", "warning", "not-checked", "ok"] as const;
  return kinds.map((kind) => {
    const count = findings.filter(({ status }) => status === kind).length;
    const { text } = SHOWN[kind];
    return `${count} ${kind === "warning" && count !== 1 ? `${text}s` : text}`;
  }).join(", ");
}
