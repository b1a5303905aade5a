import assert from "node:assert/strict";
import {
  type Awaitable,
  endingWith,
  orElse,
  whenThere,
} from "../../src/core/awaitable.ts";

const failing = (): never => {
  throw new Error("failed");
};
const toMessage = (error: unknown): string =>
  error instanceof Error ? error.message : "";

Deno.test("whenThere() goes on at once with a value, and later with a promise", async () => {
  assert.equal(whenThere(1, (value) => value + 1), 2);
  const later = whenThere(Promise.resolve(1), (value) => value + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 2);
});

Deno.test("orElse() recovers from what fails at once or later", async () => {
  assert.equal(orElse(() => "fine", toMessage), "fine");
  assert.equal(orElse(failing, toMessage), "failed");
  const later = orElse(() => Promise.reject(new Error("late")), toMessage);
  assert.equal(await later, "late");
  assert.equal(await orElse(() => Promise.resolve("fine"), toMessage), "fine");
});

Deno.test("endingWith() ends once, when the work has ended, well or not", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly work: (started: Promise<string>) => Awaitable<string>;
    readonly endsAtOnce: boolean;
  }[] = [
    { name: "value", work: () => "fine", endsAtOnce: true },
    { name: "thrown", work: failing, endsAtOnce: true },
    { name: "promise", work: (started) => started, endsAtOnce: false },
    {
      name: "rejection",
      work: (started) => started.then(failing),
      endsAtOnce: false,
    },
  ];
  for (const { name, work, endsAtOnce } of cases) {
    await t.step(name, async () => {
      const started = Promise.withResolvers<string>();
      let ended = 0;
      const outcome = orElse(
        () => endingWith(() => work(started.promise), () => ended += 1),
        toMessage,
      );
      assert.equal(ended, endsAtOnce ? 1 : 0);
      started.resolve("fine");
      await outcome;
      assert.equal(ended, 1);
    });
  }
});
