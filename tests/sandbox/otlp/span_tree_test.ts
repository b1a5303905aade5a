import assert from "node:assert/strict";
import { decodeSpans } from "../../../src/sandbox/otlp/decode_spans.ts";
import { startOtlpReceiver } from "../../../src/sandbox/otlp/receiver.ts";
import { formatTrace } from "../../../src/sandbox/otlp/span_tree.ts";

const TRACE = "1".repeat(32);

function span(id: string, parent: string, name: string, at: number): unknown {
  return {
    traceId: TRACE,
    spanId: id,
    parentSpanId: parent,
    name,
    startTimeUnixNano: String(at * 1e6),
    endTimeUnixNano: String(at * 1e6 + 1_500_000),
    attributes: [
      { key: "saassigner.cache", value: { stringValue: `c${id}` } },
      { key: "other", value: { intValue: 3 } },
    ],
    events: [{ name: "attempt" }],
    links: [{ spanId: "f" }],
    status: { code: 2 },
  };
}

const PAYLOAD = {
  resourceSpans: [{
    scopeSpans: [{
      scope: { name: "saassigner" },
      spans: [
        span("c", "a", "late", 9),
        span("b", "a", "early", 2),
        span("d", "b", "below", 3),
        span("a", "", "root", 1),
      ],
    }],
  }],
};

Deno.test("formatTrace() draws a tree in the order of time", () => {
  const text = formatTrace(decodeSpans(PAYLOAD));
  const rest = "events: attempt  links: 1\n";
  assert.equal(
    text,
    `root 1.5 ms  cache=ca  ${rest}` +
      `├─ early 1.5 ms  cache=cb  ${rest}` +
      `│  └─ below 1.5 ms  cache=cd  ${rest}` +
      `└─ late 1.5 ms  cache=cc  ${rest}`,
  );
});

Deno.test("startOtlpReceiver() takes JSON at OTLP's paths and nothing else", async () => {
  await using receiver = await startOtlpReceiver();
  const post = async (
    path: string,
    body: string,
    type = "application/json",
  ): Promise<number> => {
    const answer = await fetch(receiver.url + path, {
      method: "POST",
      headers: { "Content-Type": type },
      body,
    });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await post("/v1/traces", JSON.stringify(PAYLOAD)), 200);
  assert.equal(await post("/v1/traces", "{"), 400);
  assert.equal(await post("/v1/traces", "x", "application/x-protobuf"), 415);
  assert.equal(await post("/v2/traces", "{}"), 404);
  assert.equal(receiver.spans.count(), 4);
  const [first] = receiver.spans.entries;
  assert.deepEqual(first?.attributes, { "saassigner.cache": "cc", other: "3" });
  assert.ok(first?.isError);
});
