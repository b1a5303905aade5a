import assert from "node:assert/strict";
import { Remembered } from "../../src/metadata/remembered.ts";

interface Asking {
  readonly path: string;
  readonly answer: PromiseWithResolvers<string>;
}

function createMemory(): {
  memory: Remembered<string>;
  asked: Asking[];
  time: { ms: number };
} {
  const asked: Asking[] = [];
  const time = { ms: 0 };
  const memory = new Remembered<string>({
    ask: (path) => {
      const answer = Promise.withResolvers<string>();
      asked.push({ path, answer });
      return answer.promise;
    },
    keepMs: (value) => value === "for ever" ? Infinity : 1_000,
    now: () => time.ms,
  });
  return { memory, asked, time };
}

Deno.test("Remembered.get() asks once for all who want a value", async () => {
  const { memory, asked } = createMemory();
  const all = [memory.get("a"), memory.get("a"), memory.get("b")];
  assert.deepEqual(asked.map(({ path }) => path), ["a", "b"]);
  asked.forEach(({ path, answer }) => answer.resolve(`value of ${path}`));
  assert.deepEqual(await Promise.all(all), [
    "value of a",
    "value of a",
    "value of b",
  ]);
  assert.equal(await memory.get("a"), "value of a");
  assert.equal(asked.length, 2);
});

Deno.test("Remembered.get() asks again after a failure", async () => {
  const { memory, asked } = createMemory();
  const failing = [memory.get("a"), memory.get("a")];
  asked[0]?.answer.reject(new Error("away"));
  for (const one of failing) await assert.rejects(one, /away/);
  assert.equal(memory.peek("a"), undefined);
  const next = memory.get("a");
  asked[1]?.answer.resolve("there");
  assert.equal(await next, "there");
  assert.deepEqual(memory.peek("a")?.value, "there");
});

Deno.test("Remembered.get() makes nobody wait for a value that is due", async () => {
  const { memory, asked, time } = createMemory();
  const first = memory.get("a");
  asked[0]?.answer.resolve("old");
  assert.equal(await first, "old");
  time.ms = 999;
  assert.equal(await memory.get("a"), "old");
  assert.equal(asked.length, 1);
  time.ms = 1_000;
  assert.equal(await memory.get("a"), "old");
  assert.equal(await memory.get("a"), "old");
  assert.equal(asked.length, 2);
  asked[1]?.answer.reject(new Error("away"));
  await asked[1]?.answer.promise.catch(() => {});
  assert.equal(await memory.get("a"), "old");
  asked[2]?.answer.resolve("for ever");
  await asked[2]?.answer.promise;
  time.ms = 1e12;
  assert.equal(await memory.get("a"), "for ever");
  assert.equal(asked.length, 3);
});
