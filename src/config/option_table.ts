import type { Option } from "./option.ts";
import { OPTIONS } from "./schema.ts";
import { writeInlineYaml } from "./yaml.ts";

const HEADER = ["Key", "Flag", "Type", "Default", "Reload", "Meaning"];

/**
 * Writes the table of all options in Markdown, columns aligned.
 *
 * @returns Lines, the last without line feed.
 */
export function optionTable(): string {
  const rows = [HEADER, ...OPTIONS.map(describeRow)];
  const widths = HEADER.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const rule = widths.map((width) => "-".repeat(width));
  const [header = HEADER, ...body] = rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
  );
  return [header, rule, ...body]
    .map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function describeRow(option: Option): readonly string[] {
  const { path, flag, shorthand, kind, description } = option;
  const flags = shorthand === undefined ? [flag] : [flag, shorthand.flag];
  return [
    code(path),
    flags.map((name) => code(`--${name}`)).join(", "),
    kind.type.replaceAll("|", " or "),
    option.default === null ? "not set" : code(writeInlineYaml(option.default)),
    option.isReloadable === true ? "yes" : "no",
    description,
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}
