import assert from "node:assert/strict";
import { isRecord } from "../../src/core/record.ts";

Deno.test("isRecord() tells what has fields from what has none", () => {
  for (const value of [{}, [], { a: 1 }]) assert.ok(isRecord(value));
  for (const value of [null, undefined, "text", 1, true]) {
    assert.ok(!isRecord(value));
  }
});
