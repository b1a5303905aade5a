import assert from "node:assert/strict";
import { Ring } from "../../src/admin/ring.ts";

Deno.test("Ring keeps the newest entries, newest first, and counts all", () => {
  const ring = new Ring(3, () => ({ value: 0 }));
  assert.deepEqual(ring.list(), []);
  for (let value = 1; value <= 5; value++) {
    ring.add((entry) => entry.value = value);
    const expected = [value, value - 1, value - 2].filter((each) => each > 0);
    assert.deepEqual(ring.list().map((entry) => entry.value), expected);
    assert.equal(ring.added, value);
  }
});

Deno.test("Ring.list() gives copies, which later entries leave alone", () => {
  const ring = new Ring(1, () => ({ value: 0 }));
  ring.add((entry) => entry.value = 1);
  const before = ring.list();
  ring.add((entry) => entry.value = 2);
  assert.deepEqual(before, [{ value: 1 }]);
});
