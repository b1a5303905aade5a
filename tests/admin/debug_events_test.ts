import assert from "node:assert/strict";
import { streamEvents } from "../../src/admin/debug_events.ts";
import type { RequestView } from "../../src/core/debug_views.ts";
import { Ring } from "../../src/admin/ring.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

function request(atMs: number): RequestView {
  return {
    atMs,
    route: "/",
    method: "GET",
    status: 200,
    reason: undefined,
    address: "10.0.0.1",
    pod: undefined,
    account: undefined,
    durationMs: 1,
    traceId: undefined,
  };
}

Deno.test("streamEvents() tells the state when it differs, and requests once each", async () => {
  const time = new ManualTime();
  const requests = new Ring<RequestView>(2);
  const ending = new AbortController();
  let state = '{"a":1}';
  const events = streamEvents({
    stateText: () => state,
    requests,
    clock: clockOf(time),
    signal: ending.signal,
  });
  requests.add(request(1));
  requests.add(request(2));
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
  requests.add(request(3));
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
