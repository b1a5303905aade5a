import assert from "node:assert/strict";
import { Metrics } from "../../src/telemetry/metrics.ts";

/** The sample lines of some metric, in order. */
async function samples(
  metrics: Metrics,
  name: string,
): Promise<readonly string[]> {
  const text = await metrics.render();
  return text.split("\n").filter((line) => line.startsWith(name));
}

Deno.test("Metrics.render() writes Prometheus' text format", async () => {
  const metrics = new Metrics("1.2.3");
  assert.equal(
    metrics.contentType,
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const text = await metrics.render();
  assert.ok(text.includes(
    "# HELP saassigner_build_info Always 1; the version is a label\n" +
      "# TYPE saassigner_build_info gauge\n" +
      'saassigner_build_info{version="1.2.3"} 1\n',
  ));
  assert.ok(text.includes("# TYPE saassigner_requests_total counter\n"));
  assert.ok(
    text.includes("# TYPE saassigner_request_duration_seconds histogram\n"),
  );
  assert.ok(text.endsWith("\n"));
});

Deno.test("Metrics.observeRequest() counts and times each request", async () => {
  const metrics = new Metrics("1");
  const answered = {
    route: "entry",
    status: 200,
    decision: "allow",
    reason: undefined,
  } as const;
  metrics.observeRequest({ ...answered, seconds: 0.004 });
  metrics.observeRequest({ ...answered, seconds: 0.2 });
  metrics.observeRequest({
    route: "entry",
    status: 403,
    decision: "allow",
    reason: "iam-denied",
    seconds: 9,
  });
  assert.deepEqual(await samples(metrics, "saassigner_requests_total{"), [
    'saassigner_requests_total{route="entry",status="200",decision="allow",reason=""} 2',
    'saassigner_requests_total{route="entry",status="403",decision="allow",reason="iam-denied"} 1',
  ]);
  const times = await samples(metrics, "saassigner_request_duration_seconds");
  assert.ok(times.includes(
    'saassigner_request_duration_seconds_bucket{le="0.005",route="entry"} 1',
  ));
  assert.ok(times.includes(
    'saassigner_request_duration_seconds_bucket{le="5",route="entry"} 2',
  ));
  assert.ok(times.includes(
    'saassigner_request_duration_seconds_bucket{le="+Inf",route="entry"} 3',
  ));
  assert.ok(times.includes(
    'saassigner_request_duration_seconds_count{route="entry"} 3',
  ));
});

Deno.test("Metrics.observeMint() and countCache() count by outcome", async () => {
  const metrics = new Metrics("1");
  metrics.observeMint("access-token", "ok", 0.1);
  metrics.observeMint("access-token", "ok", 0.1);
  metrics.observeMint("id-token", "iam-denied", 0.1);
  metrics.countCache("hit");
  metrics.countCache("join");
  metrics.countCache("miss");
  metrics.countCache("hit");
  assert.deepEqual(await samples(metrics, "saassigner_mints_total{"), [
    'saassigner_mints_total{kind="access-token",outcome="ok"} 2',
    'saassigner_mints_total{kind="id-token",outcome="iam-denied"} 1',
  ]);
  assert.deepEqual(await samples(metrics, "saassigner_token_cache_total{"), [
    'saassigner_token_cache_total{outcome="hit"} 2',
    'saassigner_token_cache_total{outcome="join"} 1',
    'saassigner_token_cache_total{outcome="miss"} 1',
  ]);
});

Deno.test("Metrics.addGauge() reads at each scrape and leaves out what is not known", async () => {
  const metrics = new Metrics("1");
  let value: number | undefined;
  metrics.addGauge({
    name: "saassigner_example_seconds",
    help: "Example",
    read: () => value,
  });
  assert.deepEqual(await samples(metrics, "saassigner_example"), []);
  value = 1.5;
  assert.deepEqual(await samples(metrics, "saassigner_example"), [
    "saassigner_example_seconds 1.5",
  ]);
  value = 0;
  assert.deepEqual(await samples(metrics, "saassigner_example"), [
    "saassigner_example_seconds 0",
  ]);
  value = undefined;
  assert.deepEqual(await samples(metrics, "saassigner_example"), []);
});

Deno.test("Metrics keeps each daemon's counts apart", async () => {
  const one = new Metrics("1");
  const other = new Metrics("1");
  one.countCache("hit");
  assert.deepEqual(await samples(other, "saassigner_token_cache_total{"), []);
});
