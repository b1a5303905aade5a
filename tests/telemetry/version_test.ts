import assert from "node:assert/strict";
import { VERSION } from "../../src/telemetry/version.ts";

Deno.test("VERSION is a version", () => {
  assert.match(VERSION, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
});
