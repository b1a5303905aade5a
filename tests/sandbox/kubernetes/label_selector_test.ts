import assert from "node:assert/strict";
import { compileLabelSelector } from "../../../src/sandbox/kubernetes/label_selector.ts";
import { podObject } from "../../../src/sandbox/kubernetes/objects.ts";
import { KubernetesStatusError } from "../../../src/sandbox/kubernetes/status.ts";

Deno.test("compileLabelSelector() selects by equality, sets and existence", async (t) => {
  const labels = { app: "cart", "example.com/tier": "web", empty: "" };
  const pod = podObject({ name: "cart", labels });
  const cases: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["app=cart", true],
    ["app==cart", true],
    ["app = cart", true],
    ["app=other", false],
    ["app!=other", true],
    ["missing!=x", true],
    ["empty=", true],
    ["app", true],
    ["missing", false],
    ["!app", false],
    ["!missing", true],
    ["app in (cart,pay)", true],
    ["app in (pay, ship)", false],
    ["missing in (cart)", false],
    ["app notin (pay)", true],
    ["missing notin (cart)", true],
    ["example.com/tier=web,app in (a,cart),!missing", true],
    ["example.com/tier=web,app in (a,b)", false],
  ];
  for (const [selector, expected] of cases) {
    await t.step(selector, () => {
      assert.equal(compileLabelSelector(selector)(pod), expected);
    });
  }
});

Deno.test("compileLabelSelector() selects objects without labels", () => {
  assert.ok(compileLabelSelector("!app")(podObject({ name: "a" })));
});

Deno.test("compileLabelSelector() refuses what cannot be parsed", async (t) => {
  for (const selector of ["a=b=c", "a,,b", "a in x", "=a", "a in (b", "-a"]) {
    await t.step(selector, () => {
      assert.throws(
        () => compileLabelSelector(selector),
        (error) => error instanceof KubernetesStatusError && error.code === 400,
      );
    });
  }
});
