import type { Option } from "./option.ts";
import { OPTIONS } from "./schema.ts";
import { writeInlineYaml } from "./yaml.ts";

/** A command, as the help lists it. */
export interface CommandHelp {
  /** Command with its arguments, such as `config check FILE`. */
  readonly usage: string;
  /** One sentence without final period. */
  readonly description: string;
}

const WIDTH = 80;
const INDENT = "      ";

const GENERAL = [
  "  --config <file>",
  `${INDENT}YAML file with any of the keys below`,
  "  -h, --help",
  `${INDENT}Print this text`,
  "  --version",
  `${INDENT}Print the version`,
];

const EXAMPLES = [
  "Examples:",
  "  saassigner --config /etc/saassigner/config.yaml",
  "  saassigner --kubeconfig ~/.kube/config --node node-1 --google-credentials adc",
];

const PREAMBLE = [
  "Flags win over the file, and the file over the defaults. Values are written as",
  "--flag value or --flag=value, lists with commas, durations as 500ms, 2s or 1m30s;",
  "switches also as --flag, --flag=false and --no-flag. Behind each flag stand the",
  "key in the file and the default.",
];

/**
 * Writes the text of `--help`: every flag with its type, default and YAML key.
 *
 * @param commands Commands to list above the flags.
 * @returns Lines of at most 80 characters where words allow, ending in a line feed.
 */
export function helpText(commands: readonly CommandHelp[] = []): string {
  const lines = ["Usage: saassigner [COMMAND] [flags]", ""];
  if (commands.length > 0) {
    lines.push("Commands; without one the daemon runs:");
    for (const { usage, description } of commands) {
      lines.push(`  ${usage}`, ...wrap(description));
    }
    lines.push("");
  }
  lines.push(...EXAMPLES, "", ...PREAMBLE, "", "general", ...GENERAL);
  for (const [section, options] of groupBySection()) {
    lines.push("", section, ...options.flatMap(describeOption));
  }
  return `${lines.join("\n")}\n`;
}

function groupBySection(): ReadonlyMap<string, readonly Option[]> {
  return Map.groupBy(OPTIONS, ({ path }) => path.split(".")[0] ?? "");
}

function describeOption(option: Option): readonly string[] {
  const { kind, shorthand, description, path } = option;
  const type = kind.isSwitch ? "" : ` <${kind.type}>`;
  const fallback = option.default === null
    ? "not set"
    : `default ${writeInlineYaml(option.default)}`;
  const lines = [
    `  --${option.flag}${type}`,
    ...wrap(`${description} (${path}, ${fallback})`),
  ];
  if (shorthand !== undefined) {
    const { flag, on, off, isStronger } = shorthand;
    const otherwise = off === undefined ? "" : `, with =false of ${off}`;
    const rank = isStronger ? `; wins over --${option.flag}` : "";
    lines.push(
      `  --${flag}`,
      ...wrap(`Short for --${option.flag} ${on}${otherwise}${rank}`),
    );
  }
  return lines;
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && INDENT.length + line.length + 1 + word.length > WIDTH) {
      lines.push(INDENT + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, INDENT + line];
}
