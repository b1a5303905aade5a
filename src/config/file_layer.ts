import type { Origin } from "./config.ts";
import { type ConfigIssue, issueAt } from "./config_error.ts";
import { type CheckedLayer, checkLayer, type LayerValue } from "./layer.ts";
import { findOption, OPTIONS } from "./schema.ts";
import { suggest } from "../core/suggest.ts";
import { type Position, readYaml, type YamlPath } from "./yaml.ts";

type Read = Extract<ReturnType<typeof readYaml>, { outcome: "read" }>;

/**
 * Reads the layer of a YAML file and checks all of it.
 *
 * A section may be empty. An empty document is refused, because it is what a
 * truncated file looks like, and would silently drop every restriction.
 *
 * @param file Name of the file, for messages and origins.
 * @param text Its content.
 * @returns The layer, and every issue in document order.
 */
export function readFileLayer(file: string, text: string): CheckedLayer {
  const document = readYaml(text);
  if (document.outcome === "malformed") {
    const issues = document.issues.map((issue) => ({
      source: file,
      path: "",
      ...issue,
    }));
    return { layer: new Map(), issues };
  }
  const reader = new FileReader(file, document);
  if (document.value === null) {
    reader.refuse([], "is empty; write {} for a file that sets nothing");
  } else {
    reader.readSection([], document.value);
  }
  const issues = [...reader.issues, ...checkLayer(reader.layer)];
  return { layer: reader.layer, issues: issues.toSorted(inDocumentOrder) };
}

class FileReader {
  readonly layer = new Map<string, LayerValue>();
  readonly issues: ConfigIssue[] = [];
  readonly #file: string;
  readonly #document: Read;

  constructor(file: string, document: Read) {
    this.#file = file;
    this.#document = document;
  }

  readSection(path: YamlPath, value: unknown): void {
    if (!isMapping(value)) {
      const keys = keysOf(path).join(", ");
      this.refuse(
        path,
        `${nameType(value)} is not accepted; expected a mapping with ${keys}`,
      );
      return;
    }
    for (const [key, child] of Object.entries(value)) {
      this.#readEntry([...path, key], child);
    }
  }

  refuse(path: YamlPath, message: string): void {
    const origin = this.#origin(this.#document.locateValue(path));
    this.issues.push(issueAt(origin, { path: path.join("."), message }));
  }

  #readEntry(path: YamlPath, value: unknown): void {
    const name = path.join(".");
    const key = String(path.at(-1));
    if (
      key.includes(".") ||
      (findOption(name) === undefined && keysOf(path).length === 0)
    ) {
      this.#refuseKey(path);
    } else if (findOption(name) === undefined) {
      if (value !== null) this.readSection(path, value);
    } else {
      this.layer.set(name, this.#locate(path, value));
    }
  }

  #refuseKey(path: YamlPath): void {
    const origin = this.#origin(this.#document.locateKey(path));
    const meant = suggestKey(path);
    const hint = meant === undefined
      ? `; expected one of ${keysOf(path.slice(0, -1)).join(", ")}`
      : `; did you mean ${meant}?`;
    this.issues.push(
      issueAt(origin, {
        path: path.join("."),
        message: `is no known key${hint}`,
      }),
    );
  }

  #locate(path: YamlPath, value: unknown): LayerValue {
    const origin = this.#origin(this.#document.locateValue(path));
    if (!Array.isArray(value)) return { value, origin };
    const itemOrigins = value.map((_, index) =>
      this.#origin(this.#document.locateValue([...path, index]))
    );
    return { value, origin, itemOrigins };
  }

  #origin(position: Position): Origin {
    return { kind: "file", file: this.#file, ...position };
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Not the value itself: the wrong file may have been named, such as one that holds a token. */
function nameType(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** The keys that may stand in a section, in the order of the schema. */
function keysOf(path: YamlPath): readonly string[] {
  const prefix = path.map((key) => `${key}.`).join("");
  const inside = OPTIONS.filter((option) => option.path.startsWith(prefix));
  return [
    ...new Set(
      inside.map((option) =>
        option.path.slice(prefix.length).split(".")[0] ?? ""
      ),
    ),
  ];
}

/** Looks for a near key in the same section, then for the same key in another one. */
function suggestKey(path: YamlPath): string | undefined {
  const above = path.slice(0, -1);
  const key = String(path.at(-1));
  const sibling = suggest(key, keysOf(above));
  if (sibling !== undefined) return [...above, sibling].join(".");
  return OPTIONS.find((option) =>
    option.path.split(".").at(-1)?.toLowerCase() === key.toLowerCase()
  )?.path;
}

function inDocumentOrder(left: ConfigIssue, right: ConfigIssue): number {
  return (left.line ?? 0) - (right.line ?? 0) ||
    (left.column ?? 0) - (right.column ?? 0);
}
