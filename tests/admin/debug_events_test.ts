import assert from "node:assert/strict";
import { streamEvents } from "../../src/admin/debug_events.ts";
import { blankRequestView } from "../../src/metadata/request_view.ts";
import { Ring } from "../../src/admin/ring.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

Deno.test("streamEvents() tells the state when it differs, and requests once each", async () => {
  const time = new ManualTime();
  const requests = new Ring(2, blankRequestView);
  const ending = new AbortController();
  let state = '{"a":1}';
  const events = streamEvents({
    stateText: () => state,
    requests,
    clock: clockOf(time),
    signal: ending.signal,
  });
  requests.add((view) => view.atMs = 1);
  requests.add((view) => view.atMs = 2);
  const next = async (): Promise<string> => (await events.next()).value ?? "";
  assert.equal(await next(), 'event: state\ndata: {"a":1}\n\n');
  assert.match(
    await next(),
    /^event: requests\ndata: \[\{"atMs":2,.*\{"atMs":1,.*\]\n\n$/,
  );
  assert.equal(await next(), ": still here\n\n");
  const later = next();
  await time.asleep(1);
  state = '{"a":2}';
  requests.add((view) => view.atMs = 3);
  time.advance(2_000);
  assert.equal(await later, 'event: state\ndata: {"a":2}\n\n');
  const news = await next();
  assert.ok(news.includes('"atMs":3') && !news.includes('"atMs":2'));
  const last = events.next();
  await time.asleep(1);
  ending.abort();
  const { done } = await last;
  assert.ok(done);
});
