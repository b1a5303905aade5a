import assert from "node:assert/strict";
import { Journal } from "../../src/sandbox/journal.ts";

Deno.test("reached() settles at once for what is there, later for what is to come", async () => {
  const journal = new Journal<number>();
  journal.add(1);
  assert.deepEqual(await journal.reached(1), [1]);
  const even = journal.reached(2, (entry) => entry % 2 === 0);
  let settled = 0;
  even.then(() => settled += 1);
  journal.add(2);
  journal.add(3);
  await Promise.resolve();
  assert.equal(settled, 0);
  journal.add(4);
  assert.deepEqual(await even, [2, 4]);
});

Deno.test("entries and count() tell what is there; clear() forgets it", () => {
  const journal = new Journal<number>();
  journal.add(1);
  journal.add(2);
  const before = journal.entries;
  assert.deepEqual(before, [1, 2]);
  assert.equal(journal.count(), 2);
  assert.equal(journal.count((entry) => entry > 1), 1);
  journal.clear();
  assert.equal(journal.count(), 0);
  assert.deepEqual(before, [1, 2]);
});
