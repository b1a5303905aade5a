import type { Config } from "../../config/config.ts";
import { suggest } from "../../core/suggest.ts";
import { type Position, readYaml, type YamlPath } from "../../config/yaml.ts";
import { type AllowList, parseAllowList } from "../../core/allow_list.ts";
import type { SourceText } from "../read_sources.ts";
import {
  type DecisionRow,
  type DecisionTable,
  type Expectation,
  EXPECTATIONS,
  type ManifestReference,
  type TableNamespace,
} from "./decision_table.ts";
import { TableError, type TableIssue } from "./table_error.ts";

/**
 * Reads a table of decisions.
 *
 * @param source What the file holds.
 * @param keys Keys of the annotations.
 * @throws {TableError} If it is malformed, with all that is wrong.
 */
export function readTable(
  { file, text }: SourceText,
  keys: Config["annotations"],
): DecisionTable {
  const document = readYaml(text);
  if (document.outcome === "malformed") {
    throw new TableError(document.issues.map((issue) => ({ file, ...issue })));
  }
  const reader = new TableReader(file, document, keys);
  const table = reader.read(document.value);
  const { issues } = reader;
  if (issues.length > 0) throw new TableError(issues.toSorted(inOrder));
  return table;
}

function inOrder(left: TableIssue, right: TableIssue): number {
  return left.line - right.line || left.column - right.column;
}

type Read = Extract<ReturnType<typeof readYaml>, { outcome: "read" }>;

type Mapping = Readonly<Record<string, unknown>>;

const TABLE_KEYS = ["manifests", "namespaces", "cases"];
const ROW_KEYS = [
  "name",
  "namespace",
  "account",
  "annotations",
  "scopes",
  "expect",
];

class TableReader {
  readonly issues: TableIssue[] = [];
  readonly #file: string;
  readonly #document: Read;
  readonly #keys: Config["annotations"];

  constructor(file: string, document: Read, keys: Config["annotations"]) {
    this.#file = file;
    this.#document = document;
    this.#keys = keys;
  }

  read(value: unknown): DecisionTable {
    const table = this.#mapping([], value, TABLE_KEYS) ?? {};
    const cases = this.#list(["cases"], table["cases"]);
    if (cases.length === 0 && this.issues.length === 0) {
      this.#refuse(["cases"], "cases is empty; expected a list of rows");
    }
    return {
      manifests: this.#list(["manifests"], table["manifests"]).flatMap((
        path,
        index,
      ) => this.#readReference(["manifests", index], path)),
      namespaces: this.#readNamespaces(table["namespaces"]),
      rows: cases.flatMap((row, index) => this.#readRow(["cases", index], row)),
    };
  }

  #readReference(path: YamlPath, value: unknown): readonly ManifestReference[] {
    const file = this.#text(path, value);
    return file === undefined
      ? []
      : [{ path: file, place: this.#document.locateValue(path) }];
  }

  #readNamespaces(value: unknown): readonly TableNamespace[] {
    if (value === undefined || value === null) return [];
    const namespaces = this.#mapping(["namespaces"], value);
    return Object.entries(namespaces ?? {}).flatMap(([name, list]) => {
      const path = ["namespaces", name];
      const allowList = this.#readAllowList(path, list);
      const place = this.#document.locateKey(path);
      return allowList === undefined ? [] : [{ name, allowList, place }];
    });
  }

  #readAllowList(path: YamlPath, value: unknown): AllowList | undefined {
    if (value === null) return parseAllowList(undefined);
    if (typeof value === "string") return parseAllowList(value);
    if (!Array.isArray(value)) {
      this.#refuse(
        path,
        `${nameOf(path)} is ${
          show(value)
        }; expected a list of patterns, the annotation's own text, or null for a namespace without it`,
      );
      return undefined;
    }
    const patterns = value.map((each, index) =>
      this.#text([...path, index], each)
    );
    return parseAllowList(JSON.stringify(patterns));
  }

  #readRow(path: YamlPath, value: unknown): readonly DecisionRow[] {
    const row = this.#mapping(path, value, ROW_KEYS);
    if (row === undefined) return [];
    const namespace = this.#text([...path, "namespace"], row["namespace"]);
    const expect = this.#readExpectation([...path, "expect"], row["expect"]);
    const wanted = this.#readWanted(path, row);
    const name = "name" in row
      ? this.#text([...path, "name"], row["name"])
      : undefined;
    if (namespace === undefined || expect === undefined) return [];
    const place = this.#document.locateValue(path);
    return [{ place, name, namespace, expect, ...wanted }];
  }

  /** What the pod is annotated with: in so many words, or as `account` and `scopes`. */
  #readWanted(
    path: YamlPath,
    row: Mapping,
  ): Pick<DecisionRow, "account" | "scopes"> {
    if (!("annotations" in row)) {
      return {
        account: this.#optionalText([...path, "account"], row["account"]),
        scopes: this.#readScopes([...path, "scopes"], row["scopes"]),
      };
    }
    for (const key of ["account", "scopes"]) {
      if (key in row) {
        this.#refuseKey(
          [...path, key],
          `${key} stands beside annotations; expected one of them`,
        );
      }
    }
    const inside = [...path, "annotations"];
    const annotations = this.#mapping(inside, row["annotations"]) ?? {};
    const { serviceAccount, scopes } = this.#keys;
    const valueOf = (key: string): string | undefined =>
      Object.hasOwn(annotations, key)
        ? this.#text([...inside, key], annotations[key])
        : undefined;
    return { account: valueOf(serviceAccount), scopes: valueOf(scopes) };
  }

  #readScopes(path: YamlPath, value: unknown): string | undefined {
    if (!Array.isArray(value)) return this.#optionalText(path, value);
    const scopes = value.map((each, index) =>
      this.#text([...path, index], each)
    );
    return scopes.join(",");
  }

  #readExpectation(path: YamlPath, value: unknown): Expectation | undefined {
    const found = EXPECTATIONS.find((each) => each === value);
    if (found !== undefined) return found;
    const meant = typeof value === "string"
      ? suggest(value, EXPECTATIONS)
      : undefined;
    const hint = meant === undefined
      ? `expected ${oneOf(EXPECTATIONS)}`
      : `did you mean ${meant}?`;
    this.#refuse(path, `expect is ${show(value)}; ${hint}`);
    return undefined;
  }

  #optionalText(path: YamlPath, value: unknown): string | undefined {
    return value === undefined ? undefined : this.#text(path, value);
  }

  #text(path: YamlPath, value: unknown): string | undefined {
    if (typeof value === "string") return value;
    this.#refuse(path, `${nameOf(path)} is ${show(value)}; expected a text`);
    return undefined;
  }

  #list(path: YamlPath, value: unknown): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.#refuse(path, `${nameOf(path)} is ${show(value)}; expected a list`);
    return [];
  }

  #mapping(
    path: YamlPath,
    value: unknown,
    keys?: readonly string[],
  ): Mapping | undefined {
    if (!isMapping(value)) {
      const what = path.length === 0 ? "the table" : nameOf(path);
      const wanted = keys === undefined ? "" : ` with ${keys.join(", ")}`;
      this.#refuse(
        path,
        `${what} is ${show(value)}; expected a mapping${wanted}`,
      );
      return undefined;
    }
    if (keys === undefined) return value;
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const meant = suggest(key, keys);
      const hint = meant === undefined
        ? `expected ${oneOf(keys)}`
        : `did you mean ${meant}?`;
      this.#refuseKey([...path, key], `${key} is no known key; ${hint}`);
    }
    return value;
  }

  #refuse(path: YamlPath, message: string): void {
    this.#report(this.#document.locateValue(path), message);
  }

  #refuseKey(path: YamlPath, message: string): void {
    this.#report(this.#document.locateKey(path), message);
  }

  #report(place: Position, message: string): void {
    this.issues.push({ file: this.#file, ...place, message });
  }
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Such as `cases[2].account`, counted from 0 as in jq. */
function nameOf(path: YamlPath): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`)
    .join("").slice(1);
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return isMapping(value) ? "a mapping" : JSON.stringify(value);
}

function oneOf(words: readonly string[]): string {
  return `one of ${words.join(", ")}`;
}
