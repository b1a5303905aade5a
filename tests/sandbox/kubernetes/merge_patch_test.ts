import assert from "node:assert/strict";
import { applyMergePatch } from "../../../src/sandbox/kubernetes/merge_patch.ts";

Deno.test("applyMergePatch() merges objects and replaces everything else", async (t) => {
  const cases = [
    { name: "replaces", from: { a: "b" }, patch: { a: "c" }, to: { a: "c" } },
    {
      name: "adds",
      from: { a: "b" },
      patch: { b: "c" },
      to: { a: "b", b: "c" },
    },
    {
      name: "removes",
      from: { a: "b", b: "c" },
      patch: { a: null },
      to: { b: "c" },
    },
    {
      name: "replaces arrays whole",
      from: { a: [1, 2] },
      patch: { a: [3] },
      to: { a: [3] },
    },
    {
      name: "merges deep",
      from: { a: { b: 1, c: 2 } },
      patch: { a: { b: 3, c: null } },
      to: { a: { b: 3 } },
    },
    {
      name: "puts an object over a scalar",
      from: { a: "b" },
      patch: { a: { b: null, c: 1 } },
      to: { a: { c: 1 } },
    },
    {
      name: "keeps __proto__ an ordinary name",
      from: {},
      patch: JSON.parse('{"__proto__":{"x":1}}'),
      to: JSON.parse('{"__proto__":{"x":1}}'),
    },
  ];
  for (const { name, from, patch, to } of cases) {
    await t.step(name, () => {
      const before = JSON.stringify(from);
      assert.deepEqual(applyMergePatch(from, patch), to);
      assert.equal(JSON.stringify(from), before);
    });
  }
});
