import assert from "node:assert/strict";
import { UpstreamError } from "../../src/core/upstream.ts";

Deno.test("UpstreamError keeps the error underneath", () => {
  const cause = new Error("reset");
  const error = new UpstreamError("Cannot read instance/id", { cause });
  assert.equal(error.name, "UpstreamError");
  assert.equal(error.cause, cause);
  assert.equal(String(error), "UpstreamError: Cannot read instance/id");
});
