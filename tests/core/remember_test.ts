import assert from "node:assert/strict";
import { remember } from "../../src/core/remember.ts";

Deno.test("remember() computes once for each argument, undefined results too", () => {
  const asked: string[] = [];
  const find = remember((text) => {
    asked.push(text);
    return text === "" ? undefined : text.length;
  }, { most: 10 });
  assert.deepEqual(
    ["", "ab", "", "ab", "__proto__", "__proto__"].map(find),
    [undefined, 2, undefined, 2, 9, 9],
  );
  assert.deepEqual(asked, ["", "ab", "__proto__"]);
});

Deno.test("remember() keeps no more than it may, and no long arguments", () => {
  const asked: string[] = [];
  const find = remember((text) => asked.push(text), { most: 2, longest: 3 });
  ["a", "b", "a", "b"].forEach(find);
  assert.deepEqual(asked.splice(0), ["a", "b"]);
  ["c", "a", "c", "a"].forEach(find);
  assert.deepEqual(asked.splice(0), ["c", "a"]);
  ["long", "long"].forEach(find);
  assert.deepEqual(asked, ["long", "long"]);
});
