import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findAllowingPattern,
  parseAllowList,
} from "../../src/core/allow_list.ts";

const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

Deno.test("parseAllowList() tells absent, malformed and patterns apart", async (t) => {
  const cases = [
    { name: "no annotation", annotation: undefined, kind: "absent" },
    { name: "array", annotation: '["a","b*"]', kind: "patterns" },
    { name: "empty array", annotation: "[]", kind: "patterns" },
    { name: "white space around", annotation: ' [\n"a" ] ', kind: "patterns" },
    { name: "empty", annotation: "", kind: "malformed" },
    { name: "blank", annotation: " ", kind: "malformed" },
    { name: "no JSON", annotation: "[app@*]", kind: "malformed" },
    { name: "single quotes", annotation: "['a']", kind: "malformed" },
    { name: "trailing comma", annotation: '["a",]', kind: "malformed" },
    { name: "bare string", annotation: '"*"', kind: "malformed" },
    { name: "object", annotation: '{"0":"*"}', kind: "malformed" },
    {
      name: "array-like",
      annotation: '{"length":1,"0":"*"}',
      kind: "malformed",
    },
    { name: "null", annotation: "null", kind: "malformed" },
    { name: "number", annotation: "1", kind: "malformed" },
    { name: "number in it", annotation: '["*",1]', kind: "malformed" },
    { name: "null in it", annotation: '["*",null]', kind: "malformed" },
    { name: "array in it", annotation: '[["*"]]', kind: "malformed" },
    { name: "two values", annotation: '["*"]["*"]', kind: "malformed" },
    {
      name: "nested 100,000 deep",
      annotation: "[".repeat(100_000) + "]".repeat(100_000),
      kind: "malformed",
    },
  ];
  for (const { name, annotation, kind } of cases) {
    await t.step(
      name,
      () => assert.equal(parseAllowList(annotation).kind, kind),
    );
  }
});

Deno.test("findAllowingPattern() finds the first pattern that matches the whole e-mail", async (t) => {
  const cases = [
    { name: "literal", annotation: [ACCOUNT], pattern: ACCOUNT },
    {
      name: "second of two",
      annotation: ["other@*", "*@demo-proj.iam.*"],
      pattern: "*@demo-proj.iam.*",
    },
    { name: "first of two", annotation: ["app@*", "*"], pattern: "app@*" },
    { name: "trimmed", annotation: [" app@* \n"], pattern: "app@*" },
    { name: "prefix only", annotation: ["app@demo-proj"], pattern: undefined },
    { name: "suffix only", annotation: ["demo-proj.*"], pattern: undefined },
    { name: "other case", annotation: ["APP@*"], pattern: undefined },
    { name: "regular expression", annotation: [".*"], pattern: undefined },
    { name: "braces", annotation: ["{app,b}@*"], pattern: undefined },
    { name: "leading !", annotation: ["!other@*"], pattern: undefined },
    { name: "ill-formed", annotation: ["[*"], pattern: undefined },
    { name: "empty entry", annotation: ["", "  "], pattern: undefined },
    { name: "no entry", annotation: [], pattern: undefined },
  ];
  for (const { name, annotation, pattern } of cases) {
    await t.step(name, () => {
      const list = parseAllowList(JSON.stringify(annotation));
      assert.equal(findAllowingPattern(list, ACCOUNT), pattern);
    });
  }
});

Deno.test("findAllowingPattern() allows nothing without a list", () => {
  for (const kind of ["absent", "malformed"] as const) {
    assert.equal(findAllowingPattern({ kind }, ACCOUNT), undefined);
  }
});

Deno.test("parseAllowList() never throws, and only arrays of strings allow", () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (annotation) => {
    const list = parseAllowList(annotation);
    if (list.kind === "malformed") return;
    const value: unknown = JSON.parse(annotation);
    assert(Array.isArray(value));
    assert(value.every((entry) => typeof entry === "string"));
  }));
});

Deno.test("findAllowingPattern() is right for more accounts than it remembers, also the second time", () => {
  const list = parseAllowList('["*[02468]@x.y"]');
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 600; index += 1) {
      assert.equal(
        findAllowingPattern(list, `a${index}@x.y`),
        index % 2 === 0 ? "*[02468]@x.y" : undefined,
      );
    }
  }
});
