import assert from "node:assert/strict";
import { suggest } from "../../src/core/suggest.ts";

const KEYS = ["server", "port", "address", "apiServer", "maxElapsed"];

Deno.test("suggest() finds one wrong letter, one missing, one too many, two swapped", () => {
  assert.equal(suggest("pord", KEYS), "port");
  assert.equal(suggest("adress", KEYS), "address");
  assert.equal(suggest("serverr", KEYS), "server");
  assert.equal(suggest("prot", KEYS), "port");
});

Deno.test("suggest() ignores letter case", () => {
  assert.equal(suggest("APISERVER", KEYS), "apiServer");
});

Deno.test("suggest() allows a third of the word to be wrong, no more", () => {
  assert.equal(suggest("maxElpsd", KEYS), "maxElapsed");
  assert.equal(suggest("maximum", KEYS), undefined);
  assert.equal(suggest("p", ["ab"]), undefined);
});

Deno.test("suggest() takes the nearest, and the first of equals", () => {
  assert.equal(suggest("node", ["mode", "node"]), "node");
  assert.equal(suggest("bode", ["mode", "node"]), "mode");
});

Deno.test("suggest() does not compare very long words", () => {
  const word = "x".repeat(100_000);
  assert.equal(suggest(word, [word]), undefined);
});
