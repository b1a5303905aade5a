import assert from "node:assert/strict";
import {
  EventLoopDelay,
  processGauges,
} from "../../src/telemetry/process_gauges.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

Deno.test("EventLoopDelay tells the longest delay since it was asked before", async () => {
  const time = new ManualTime();
  const delay = new EventLoopDelay(clockOf(time));
  const ending = new AbortController();
  const running = delay.run(ending.signal);
  for (const ms of [500, 720, 500, 530]) {
    await time.asleep(1);
    time.advance(ms);
  }
  await time.asleep(1);
  assert.equal(delay.take(), 220);
  assert.equal(delay.take(), 0);
  time.advance(510);
  await time.asleep(1);
  assert.equal(delay.take(), 10);
  time.jump(-3_600_000);
  time.advance(500);
  await time.asleep(1);
  assert.equal(delay.take(), 0);
  ending.abort();
  await running;
});

Deno.test("processGauges() tell of this process", () => {
  const delay = new EventLoopDelay(clockOf(new ManualTime()));
  const values = new Map(
    processGauges(5_000, delay).map(({ name, read }) => [name, read()]),
  );
  assert.ok((values.get("process_resident_memory_bytes") ?? 0) > 1e7);
  assert.ok((values.get("process_heap_bytes") ?? 0) > 1e6);
  assert.equal(values.get("process_start_time_seconds"), 5);
  assert.equal(values.get("saassigner_event_loop_delay_seconds"), 0);
});
