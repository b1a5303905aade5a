import type { LoadedConfig } from "./config.ts";
import type { Option } from "./option.ts";
import { describeOrigin } from "./origin.ts";
import { OPTIONS } from "./schema.ts";
import { valueAt } from "./value_at.ts";
import { writeInlineYaml } from "./yaml.ts";

/**
 * Writes the effective configuration as YAML, each value with its origin behind it.
 *
 * Without secrets in it, the text is a configuration file that means the same.
 *
 * @param loaded Configuration as loaded.
 * @returns YAML; secrets that are set are masked.
 */
export function printConfig(loaded: LoadedConfig): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const option of OPTIONS) {
    const sections = option.path.split(".");
    const key = sections.pop() ?? "";
    for (const [depth, section] of sections.entries()) {
      if (open[depth] !== section) {
        lines.push(`${"  ".repeat(depth)}${section}:`);
        open = sections.slice(0, depth + 1);
      }
    }
    open = sections;
    const origin = loaded.origins.get(option.path) ?? { kind: "default" };
    lines.push(
      `${"  ".repeat(sections.length)}${key}: ${
        writeInlineYaml(shownValue(option, loaded))
      } # ${describeOrigin(origin)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function shownValue(option: Option, loaded: LoadedConfig): unknown {
  const value = valueAt(loaded.config, option.path);
  if (option.isSecret === true && value !== undefined) return "***";
  return option.kind.encode(value);
}
