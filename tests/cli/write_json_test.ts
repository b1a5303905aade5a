import assert from "node:assert/strict";
import { writeJson } from "../../src/cli/write_json.ts";

Deno.test("writeJson() writes what reads back, without a control character", () => {
  const value = { a: ["\x1b[2J", "\x7f\x9b\u202e", "\u{e0041}\n", "é ✓"] };
  const text = writeJson(value);
  assert.deepEqual(JSON.parse(text), value);
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  assert.ok(text.includes("é ✓") && text.endsWith("\n}\n"));
});
