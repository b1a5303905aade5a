import assert from "node:assert/strict";
import { Ring } from "../../src/admin/ring.ts";

Deno.test("Ring keeps the newest entries, newest first, and counts all", () => {
  const ring = new Ring<number>(3);
  assert.deepEqual(ring.list(), []);
  for (let entry = 1; entry <= 5; entry++) {
    ring.add(entry);
    const expected = [entry, entry - 1, entry - 2].filter((each) => each > 0);
    assert.deepEqual(ring.list(), expected);
    assert.equal(ring.added, entry);
  }
});
