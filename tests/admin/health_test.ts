import assert from "node:assert/strict";
import { conditionsText, healthText } from "../../src/admin/health.ts";

Deno.test("healthText() writes what is known, and empty text for what is not", () => {
  assert.equal(
    healthText({ hostIP: "10.0.0.1", projectId: "demo-proj" }),
    '{"hostIP":"10.0.0.1","projectId":"demo-proj"}',
  );
  assert.equal(
    healthText({ hostIP: undefined, projectId: undefined }),
    '{"hostIP":"","projectId":""}',
  );
});

Deno.test("conditionsText() writes a line a condition", () => {
  assert.equal(
    conditionsText([
      { name: "index", ok: true, detail: "3 pods known" },
      { name: "guard", ok: false, detail: "no rule" },
    ]),
    "[+]index ok: 3 pods known\n[-]guard failed: no rule\n",
  );
  assert.equal(conditionsText([]), "");
});
