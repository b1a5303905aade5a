import assert from "node:assert/strict";
import { replacePart } from "./readme_part.ts";

Deno.test("README part: only what is between the comments is replaced", () => {
  assert.equal(
    replacePart("a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n", "new\n"),
    "a\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nb\n",
  );
});

Deno.test("README part: without both comments in order, nothing is written", () => {
  for (
    const readme of [
      "",
      "<!-- bench -->",
      "<!-- /bench --> <!-- bench -->",
      "<!-- bench --><!-- /bench --><!-- /bench -->",
      "<!-- bench --><!-- bench --><!-- /bench -->",
      "<!-- bench --><!-- /bench --><!-- bench -->",
    ]
  ) assert.throws(() => replacePart(readme, "new"), /README.md lacks/);
});
