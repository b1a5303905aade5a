import assert from "node:assert/strict";
import { jsonSchema } from "../../src/config/json_schema.ts";
import { OPTIONS } from "../../src/config/schema.ts";

const FILE = new URL("../../deploy/config.schema.json", import.meta.url);

Deno.test("jsonSchema() is what deploy/config.schema.json holds", async () => {
  assert.deepEqual(
    JSON.parse(await Deno.readTextFile(FILE)),
    JSON.parse(JSON.stringify(jsonSchema())),
    "deploy/config.schema.json is stale; write it with: " +
      "deno task start config schema > deploy/config.schema.json",
  );
});

Deno.test("jsonSchema() describes every option and allows nothing else", () => {
  const paths: string[] = [];
  function visit(schema: unknown, path: readonly string[]): void {
    const node = entriesOf(schema);
    const properties = node.get("properties");
    if (properties === undefined) {
      paths.push(path.join("."));
      assert(node.has("description") && node.has("default"), path.join("."));
      assert(node.has("type") || node.has("anyOf"), path.join("."));
      return;
    }
    assert(node.get("additionalProperties") === false);
    for (const [key, child] of entriesOf(properties)) {
      visit(child, [...path, key]);
    }
  }
  visit(jsonSchema(), []);
  assert.deepEqual(paths, OPTIONS.map(({ path }) => path));
});

Deno.test("jsonSchema() has patterns that hold under the u flag, and accept the defaults", () => {
  for (const { kind, default: value } of OPTIONS) {
    const pattern = entriesOf(kind.schema).get("pattern");
    if (typeof pattern !== "string") continue;
    assert.match(String(value), new RegExp(pattern, "u"));
  }
});

Deno.test("jsonSchema() names draft 2020-12", () => {
  assert.equal(
    entriesOf(jsonSchema()).get("$schema"),
    "https://json-schema.org/draft/2020-12/schema",
  );
});

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  assert(typeof value === "object" && value !== null);
  return new Map(Object.entries(value));
}
