import assert from "node:assert/strict";
import { startDeadline } from "../../src/core/deadline.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

Deno.test("startDeadline() fires with the reason when the time is over", async () => {
  const time = new ManualTime();
  const reason = new Error("late");
  const deadline = startDeadline(time, { ms: 4_500, reason: () => reason });
  const fired = aborted(deadline.signal);
  time.advance(4_499);
  assert.equal(time.sleeping, 1);
  assert(!deadline.signal.aborted);
  time.advance(1);
  await fired;
  assert.equal(deadline.signal.reason, reason);
  assert.equal(time.sleeping, 0);
});

Deno.test("startDeadline() stopped in time never fires and leaves no timer", async () => {
  const time = new ManualTime();
  let reasons = 0;
  const stopped = startDeadline(time, {
    ms: 10,
    reason: () => {
      reasons += 1;
      return new Error("late");
    },
  });
  assert.equal(time.sleeping, 1);
  stopped.stop();
  assert.equal(time.sleeping, 0);
  // Started later and over at the same time: once it fired, the other would have.
  const later = startDeadline(time, {
    ms: 10,
    reason: () => new Error("later"),
  });
  const fired = aborted(later.signal);
  time.advance(10);
  await fired;
  assert(!stopped.signal.aborted);
  assert.equal(reasons, 0);
});

Deno.test("startDeadline() stopped in the very turn it is over does not fire", async () => {
  const time = new ManualTime();
  const stopped = startDeadline(time, {
    ms: 10,
    reason: () => new Error("late"),
  });
  const other = startDeadline(time, {
    ms: 10,
    reason: () => new Error("other"),
  });
  const fired = aborted(other.signal);
  time.advance(10);
  stopped.stop();
  await fired;
  assert(!stopped.signal.aborted);
});

Deno.test("startDeadline() can be stopped twice, and after it fired", async () => {
  const time = new ManualTime();
  const reason = new Error("late");
  const deadline = startDeadline(time, { ms: 0, reason: () => reason });
  const fired = aborted(deadline.signal);
  time.advance(0);
  await fired;
  deadline.stop();
  deadline.stop();
  assert.equal(deadline.signal.reason, reason);
});
