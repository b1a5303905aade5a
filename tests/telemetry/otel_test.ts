import assert from "node:assert/strict";
import {
  addSpanEvent,
  currentSpan,
  currentTraceId,
  readTraceparent,
  traced,
  tracedApart,
} from "../../src/telemetry/otel.ts";

Deno.test("readTraceparent() reads the span's name and nothing malformed", async (t) => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const span = "b7ad6b7169203331";
  const cases = [
    { header: `00-${trace}-${span}-01`, ok: true },
    { header: `cc-${trace}-${span}-00`, ok: true },
    { header: "", ok: false },
    { header: `00-${trace}-${span}`, ok: false },
    { header: `00-${trace.toUpperCase()}-${span}-01`, ok: false },
    { header: `00-${"0".repeat(32)}-${span}-01`, ok: false },
    { header: `00-${trace}-${"0".repeat(16)}-01`, ok: false },
    { header: `00-${trace}-${span}-01, 00-${trace}-${span}-01`, ok: false },
  ];
  for (const { header, ok } of cases) {
    await t.step(String(header), () => {
      assert.deepEqual(
        readTraceparent(header),
        ok ? { traceId: trace, spanId: span } : undefined,
      );
    });
  }
});

Deno.test("traced() does the work alone where nothing is traced", async () => {
  assert.equal(traced("x", () => 7), 7);
  assert.equal(await traced("x", () => Promise.resolve(8)), 8);
  assert.equal(
    tracedApart("x", ({ ref }) => ref, { links: [undefined] }),
    undefined,
  );
  const error = new Error("y");
  assert.throws(
    () =>
      traced("x", () => {
        throw error;
      }),
    error,
  );
  await assert.rejects(traced("x", () => Promise.reject(error)), error);
  addSpanEvent("z");
  currentSpan().set({ a: 1 });
  currentSpan().link({ traceId: "1".repeat(32), spanId: "1".repeat(16) });
  assert.equal(currentTraceId(), undefined);
});
