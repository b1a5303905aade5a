import assert from "node:assert/strict";
import { abandonOn } from "../../src/tokens/abandon_on.ts";

Deno.test("abandonOn() settles as the work does", async () => {
  const { signal } = new AbortController();
  assert.equal(await abandonOn(signal, Promise.resolve(1)), 1);
  await assert.rejects(abandonOn(signal, Promise.reject(new Error("x"))), /x/);
});

Deno.test("abandonOn() rejects with the reason and leaves no failure unhandled", async (t) => {
  const reason = new Error("gone");
  await t.step("signal that fires", async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = new AbortController();
    const waiting = abandonOn(stop.signal, promise);
    stop.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    reject(new Error("x"));
  });
  await t.step("signal that has fired", async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = abandonOn(AbortSignal.abort(reason), promise);
    await assert.rejects(waiting, (error) => error === reason);
    reject(new Error("x"));
  });
});
