import assert from "node:assert/strict";
import { readFileLayer } from "../../src/config/file_layer.ts";
import { OPTIONS } from "../../src/config/schema.ts";
import { load } from "./load.ts";

const TEXT = await Deno.readTextFile(
  new URL("../../config.example.yaml", import.meta.url),
);

Deno.test("config.example.yaml tells editors its schema first", () => {
  assert.equal(
    TEXT.split("\n")[0],
    "# yaml-language-server: $schema=deploy/config.schema.json",
  );
});

Deno.test("config.example.yaml names every key, in the order of the schema", () => {
  const { layer, issues } = readFileLayer("config.example.yaml", TEXT);
  assert.deepEqual(issues, []);
  assert.deepEqual([...layer.keys()], OPTIONS.map(({ path }) => path));
});

Deno.test("config.example.yaml equals the defaults", async () => {
  const example = await load({ yaml: TEXT });
  assert.deepEqual(example.config, (await load({})).config);
});

Deno.test("config.example.yaml explains every key in a comment above it", () => {
  const lines = TEXT.split("\n");
  const { layer } = readFileLayer("config.example.yaml", TEXT);
  for (const [path, { origin }] of layer) {
    assert.equal(origin.kind, "file");
    const key = path.split(".").at(-1) ?? "";
    const at = lines.findLastIndex((line, index) =>
      index < origin.line && line.trim().startsWith(`${key}:`)
    );
    assert.match(lines[at - 1] ?? "", /^ *# .+\.$/, path);
  }
});

const LIMITED = new Map([["duration", "Duration"], ["number", "Number"]]);

Deno.test("config.example.yaml gives the limits that the schema has", () => {
  for (const { kind, path } of OPTIONS) {
    const limits = /from (\S+) to (\S+)$/.exec(kind.accepts);
    const name = LIMITED.get(kind.type);
    if (name === undefined || limits === null) continue;
    assert(TEXT.includes(`# ${name}, ${limits[1]} to ${limits[2]}.`), path);
  }
});
