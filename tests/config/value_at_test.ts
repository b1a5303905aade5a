import assert from "node:assert/strict";
import { valueAt } from "../../src/config/value_at.ts";
import { load } from "./load.ts";

Deno.test("valueAt() takes values by key path, and nothing by others", async () => {
  const { config } = await load({});
  assert.equal(valueAt(config, "server.port"), 8181);
  assert.equal(valueAt(config, "metadata.nextHop.address"), "127.0.0.1:988");
  assert.equal(valueAt(config, "server.port.x"), undefined);
  assert.equal(valueAt(config, "none"), undefined);
});
