import assert from "node:assert/strict";
import { drain } from "../../src/metadata/drain.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

/** Tells after how many milliseconds it ends, if requests come so often. */
async function measureDrain(
  { everyMs, lastMs }: { readonly everyMs: number; readonly lastMs: number },
): Promise<number> {
  const time = new ManualTime();
  const startMs = time.now();
  let endedMs: number | undefined;
  const done = drain({
    idleMs: () => {
      const elapsedMs = time.now() - startMs;
      const asked = Math.min(elapsedMs, lastMs);
      return elapsedMs - Math.floor(asked / everyMs) * everyMs;
    },
    clock: clockOf(time),
  }).then(() => endedMs = time.now() - startMs);
  while (endedMs === undefined) {
    time.advance(100);
    await time.settle();
  }
  await done;
  return endedMs;
}

Deno.test("drain() waits for three seconds without a request", async () => {
  assert.equal(await measureDrain({ everyMs: 1_000, lastMs: 2_000 }), 5_000);
});

Deno.test("drain() ends after ten seconds, whoever asks still", async () => {
  assert.equal(await measureDrain({ everyMs: 10, lastMs: Infinity }), 10_000);
});

Deno.test("drain() does not wait where nobody has asked for a while", async () => {
  const time = new ManualTime();
  await drain({ idleMs: () => 3_000, clock: clockOf(time) });
  assert.equal(time.sleeping, 0);
});
