import assert from "node:assert/strict";
import { EventLedger } from "../../src/kubernetes/event_ledger.ts";

const HOUR = 3_600_000;

Deno.test("EventLedger writes a cause once an hour", () => {
  const ledger = new EventLedger();
  assert.equal(ledger.note("a", 0), "create");
  assert.equal(ledger.note("a", HOUR - 1), undefined);
  assert.ok(!ledger.isDue("a", HOUR - 1));
  assert.equal(ledger.note("b", HOUR - 1), "create");
  assert.ok(ledger.isDue("a", HOUR));
  assert.equal(ledger.note("a", HOUR), "update");
  assert.equal(ledger.countOf("a"), 3);
  assert.equal(ledger.note("a", HOUR + 1), undefined);
});

Deno.test("EventLedger writes again what was forgotten", () => {
  const ledger = new EventLedger();
  ledger.note("a", 0);
  ledger.forget("a");
  assert.equal(ledger.note("a", 1), "create");
});

Deno.test("EventLedger does not wait for a time that the clock has fallen behind", () => {
  const ledger = new EventLedger();
  ledger.note("a", HOUR * 100);
  assert.equal(ledger.note("a", 0), "update");
});

Deno.test("EventLedger forgets the least recently written of many", () => {
  const ledger = new EventLedger();
  ledger.note("first", 0);
  ledger.note("second", 0);
  ledger.note("first", HOUR);
  for (let index = 0; index < 2_047; index++) ledger.note(`${index}`, HOUR);
  assert.equal(ledger.note("second", HOUR + 1), "create");
  assert.equal(ledger.countOf("first"), 0);
});
