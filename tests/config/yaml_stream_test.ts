import assert from "node:assert/strict";
import fc from "fast-check";
import { readYamlStream, type YamlPath } from "../../src/config/yaml.ts";

/** Values of the documents, or issues as text. */
function read(text: string): readonly unknown[] {
  return readYamlStream(text).map((document) =>
    document.outcome === "read"
      ? document.value
      : document.issues.map(({ line, column, message }) =>
        `${line}:${column}: ${message}`
      )
  );
}

Deno.test("readYamlStream() reads each document", async (t) => {
  const cases: readonly (readonly [
    name: string,
    text: string,
    values: readonly unknown[],
  ])[] = [
    ["nothing", "", []],
    ["comments", "# nothing\n", []],
    ["one", "a: 1", [{ a: 1 }]],
    ["separated", "a: 1\n---\nb: 2\n--- c\n", [{ a: 1 }, { b: 2 }, "c"]],
    ["Windows", "a: 1\r\n---\r\nb: 2\r\n", [{ a: 1 }, { b: 2 }]],
    ["empty", "---\n---\na: 1\n---\n", [null, { a: 1 }, null]],
    ["comment and directive", "# c\n%TAG !e! a:\n---\na: !e!x b\n", [{
      a: "b",
    }]],
    ["ended", "a: 1\n...\n# c\n---\nb: 2\n...\n", [{ a: 1 }, { b: 2 }]],
    ["byte order mark", "\uFEFF---\na: 1\n", [{ a: 1 }]],
    ["dashes inside", "a: |\n  ---\nb: --- x\n", [{ a: "---\n", b: "--- x" }]],
    ["JSON", '{\n\t"a": [1,\n{"b": 2}]\n}\n', [{ a: [1, { b: 2 }] }]],
    ["JSON after JSON", '{"a": 1}\n{\n"b": 2\n}\n', [{ a: 1 }, { b: 2 }]],
    ["YAML 1.1", "a: yes\nb: Off\nc: 'on'\n", [{ a: true, b: false, c: "on" }]],
    ["merge", "a: &x {b: 1}\nc: {<<: *x, d: 2}\n", [{
      a: { b: 1 },
      c: { b: 1, d: 2 },
    }]],
    ["unknown tag", "a: !Ref b\n", [{ a: "b" }]],
  ];
  for (const [name, text, values] of cases) {
    await t.step(name, () => assert.deepEqual(read(text), values));
  }
});

Deno.test("readYamlStream() goes on behind a document that is malformed", () => {
  assert.deepEqual(read('a: "x\n---\nb: 2\n---\nc: [1\n---\nd: 4\n'), [
    ['1:6: missing closing "quote'],
    { b: 2 },
    ["5:6: flow sequence in block collection must be sufficiently indented and end with a ]"],
    { d: 4 },
  ]);
  assert.deepEqual(read("a: *x\n---\na: 1\na: 2\n"), [
    ["1:4: no anchor &x stands before this alias"],
    ["4:1: the key a stands here a second time"],
  ]);
  assert.deepEqual(read("a: 1\n---\na: &x 1\n<<: *x\n"), [
    { a: 1 },
    ["2:1: merge sources must be maps or map aliases"],
  ]);
});

Deno.test("readYamlStream() finds places in the whole text", () => {
  const [, document] = readYamlStream(
    "x: 1\n---\na: &y\n  b: [1, 2]\nc: *y\n",
  );
  assert.ok(document?.outcome === "read");
  const valueAt = (path: YamlPath): string => {
    const { line, column } = document.locateValue(path);
    return `${line}:${column}`;
  };
  assert.equal(valueAt([]), "3:1");
  assert.equal(valueAt(["a", "b", 1]), "4:10");
  assert.equal(valueAt(["c"]), "5:4");
  assert.equal(valueAt(["c", "b", 1]), "4:10");
  assert.deepEqual(document.locateKey(["c", "b"]), { line: 4, column: 3 });
});

Deno.test("readYamlStream() bounds what aliases can stand for", () => {
  const levels = ["a: &a0 [x]"];
  for (let level = 1; level < 9; level += 1) {
    const above = Array(9).fill(`*a${level - 1}`).join(", ");
    levels.push(`b${level}: &a${level} [${above}]`);
  }
  assert.deepEqual(read(levels.join("\n")), [
    ["1:1: aliases stand for more than 1000 nodes"],
  ]);
});

Deno.test("readYamlStream() never throws", () => {
  const texts = fc.string({
    unit: fc.constantFrom(
      ..."ab01:-?[]{}&*!|>'\"%@`#,\\~<=\t \n\r\uFEFF\u2028é",
      "\n---\n",
      "\n...\n",
      "<<: ",
      "*a",
      "&a ",
      ": ",
      "- ",
      "!!binary ",
      "%YAML 1.1\n",
    ),
    maxLength: 40,
  });
  fc.assert(
    fc.property(texts, (text) => {
      for (const document of readYamlStream(text)) {
        if (document.outcome === "read") {
          document.locateValue(["a", 0, "b"]);
          document.locateKey(["a"]);
          continue;
        }
        for (const { line, column } of document.issues) {
          assert.ok(line >= 1 && column >= 1);
          assert.ok(line <= text.split("\n").length);
        }
      }
    }),
    { numRuns: 3_000 },
  );
});
