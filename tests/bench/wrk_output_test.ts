import assert from "node:assert/strict";
import { parseWrkOutput } from "./wrk_output.ts";

const output = (extra = ""): string =>
  `Running 1s test @ http://127.0.0.1:18999/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    91.23us  286.59us   4.16ms   96.62%
    Req/Sec    69.97k     6.58k   76.91k    70.00%
  Latency Distribution
     50%   500.00us
     75%   47.00us
     90%   60.00us
     99%    1.63ms
  69475 requests in 1.00s, 9.01MB read
${extra}Requests/sec:  69262.36
Transfer/sec:      8.98MB
`;

Deno.test("wrk: throughput and latency in milliseconds", () => {
  assert.deepEqual(parseWrkOutput(output(), { status: 200 }), {
    requests: 69_475,
    requestsPerSecond: 69_262.36,
    p50Ms: 0.5,
    p99Ms: 1.63,
  });
});

Deno.test("wrk: latencies of seconds", () => {
  const slow = output().replace("1.63ms", "1.20s").replace("500.00us", "1.05m");
  const { p50Ms, p99Ms } = parseWrkOutput(slow, { status: 200 });
  assert.equal(p50Ms, 63_000);
  assert.equal(p99Ms, 1_200);
});

Deno.test("wrk: a refusal is an error, unless all are to be refused", () => {
  const some = output("  Non-2xx or 3xx responses: 1\n");
  const all = output("  Non-2xx or 3xx responses: 69475\n");
  assert.throws(() => parseWrkOutput(some, { status: 200 }), /1 of 69475/);
  assert.throws(() => parseWrkOutput(some, { status: 403 }), /1 of 69475/);
  assert.throws(() => parseWrkOutput(output(), { status: 403 }), /0 of 69475/);
  assert.equal(parseWrkOutput(all, { status: 403 }).requests, 69_475);
});

Deno.test("wrk: failed connections are an error", () => {
  const text = output(
    "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
  );
  assert.throws(() => parseWrkOutput(text, { status: 200 }), /read 3/);
});

Deno.test("wrk: no answer at all, and other output, are errors", () => {
  const none = output().replace("69475 requests", "0 requests");
  assert.throws(() => parseWrkOutput(none, { status: 200 }), /0 of 0/);
  assert.throws(() => parseWrkOutput("", { status: 200 }), /wrk prints no/);
  const odd = output().replace("1.63ms", "soon");
  assert.throws(() => parseWrkOutput(odd, { status: 200 }), /soon as a time/);
});
