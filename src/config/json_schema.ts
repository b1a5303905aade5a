import type { Option } from "./option.ts";
import { OPTIONS } from "./schema.ts";
import type { JsonSchema } from "./value_kind.ts";

/**
 * Builds the JSON Schema (draft 2020-12) of the configuration file, for editors.
 *
 * Looser than the daemon where a schema cannot say it (ranges of durations, addresses,
 * values that contradict each other); stricter only in the letter case of choices.
 *
 * @returns The schema as plain data.
 */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of k8s-gke-service-account-assigner",
    type: "object",
    ...describeKeys(OPTIONS),
  };
}

function describeKeys(
  options: readonly Option[],
  above: readonly string[] = [],
): JsonSchema {
  const byKey = Map.groupBy(options, ({ path }) => keyAt(path, above.length));
  const properties = Object.fromEntries(
    [...byKey].map(([key, inside]) => {
      const path = [...above, key];
      const option = inside.find((option) => option.path === path.join("."));
      return [
        key,
        option === undefined
          ? { type: ["object", "null"], ...describeKeys(inside, path) }
          : describeOption(option),
      ];
    }),
  );
  return { additionalProperties: false, properties };
}

function describeOption(option: Option): JsonSchema {
  return {
    description: `${option.description} (--${option.flag})`,
    default: option.default,
    ...option.kind.schema,
  };
}

function keyAt(path: string, depth: number): string {
  return path.split(".")[depth] ?? "";
}
