import assert from "node:assert/strict";
import { ParkingLot, type Place } from "../../src/kubernetes/parking_lot.ts";

const A = "10.0.0.1";
const B = "10.0.0.2";
const never = new AbortController().signal;

Deno.test("ParkingLot.enter() shares one place among all from an address", () => {
  const lot = new ParkingLot();
  const firsts: Place[] = [];
  const onFirst = (place: Place): void => void firsts.push(place);
  const first = lot.enter(A, onFirst);
  assert.equal(lot.enter(A, onFirst), first);
  const other = lot.enter(B, onFirst);
  assert.notEqual(other, first);
  assert.deepEqual(firsts, [first, other]);
  assert.equal(lot.count, 3);
});

Deno.test("ParkingLot.enter() is bounded for each address and in all", () => {
  const lot = new ParkingLot();
  const first = fill(lot, A, 256)[0];
  assert.equal(lot.enter(A, ignore), undefined);
  for (let i = 2; i <= 4; i++) fill(lot, `10.0.0.${i}`, 256);
  assert.equal(lot.count, 1_024);
  let begun = 0;
  assert.equal(lot.enter("10.0.0.9", () => begun++), undefined);
  assert.equal(begun, 0);
  assert.equal(lot.count, 1_024);
  first?.leave();
  assert.notEqual(lot.enter(A, ignore), undefined);
  assert.equal(lot.enter(A, ignore), undefined);
});

Deno.test("Place.leave() abandons the place with the last request", () => {
  const lot = new ParkingLot();
  const [first, second] = fill(lot, A, 2);
  first?.leave();
  assert(!first?.abandoned.aborted);
  assert.equal(lot.count, 1);
  second?.leave();
  assert(first?.abandoned.aborted);
  assert.equal(lot.count, 0);
  const [next] = fill(lot, A, 1);
  assert.notEqual(next, first);
  assert(!next?.abandoned.aborted);
});

Deno.test("ParkingLot.wake() wakes everybody, Place.wake() only those who wait there", async () => {
  const lot = new ParkingLot();
  const [a] = fill(lot, A, 2);
  const [b] = fill(lot, B, 1);
  assert(a && b);
  const woken: string[] = [];
  const wait = async (place: Place, name: string): Promise<void> => {
    await place.nextWake(never);
    woken.push(name);
  };
  let waits = [wait(a, "a1"), wait(a, "a2"), wait(b, "b")];
  a.wake();
  await Promise.all(waits.slice(0, 2));
  assert.deepEqual(woken, ["a1", "a2"]);
  waits = [wait(a, "a3"), waits[2] ?? Promise.reject()];
  lot.wake();
  await Promise.all(waits);
  assert.deepEqual(woken.sort(), ["a1", "a2", "a3", "b"]);
});

Deno.test("Place.nextWake() ends with its signal, fired before or later", async () => {
  const lot = new ParkingLot();
  const [place] = fill(lot, A, 1);
  const leaving = new AbortController();
  const waiting = place?.nextWake(leaving.signal);
  leaving.abort();
  await waiting;
  await place?.nextWake(leaving.signal);
});

function fill(lot: ParkingLot, address: string, count: number): Place[] {
  return Array.from({ length: count }, () => {
    const place = lot.enter(address, ignore);
    assert(place);
    return place;
  });
}

function ignore(): void {}
