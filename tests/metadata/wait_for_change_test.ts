import assert from "node:assert/strict";
import { startDeadline } from "../../src/core/deadline.ts";
import { parseQuery, type Query } from "../../src/core/query.ts";
import type { Answer } from "../../src/metadata/answer.ts";
import { leafAnswer } from "../../src/metadata/value_answers.ts";
import {
  answerWhenChanged,
  waitSeconds,
} from "../../src/metadata/wait_for_change.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { APP, MIDDLE } from "../google/google_side.ts";
import { Exposure } from "../../src/core/exposure.ts";
import { ConcurrencyLimit } from "../../src/metadata/concurrency_limit.ts";
import { createPod, SA, startPodSide, V1 } from "./pod_side.ts";

const PLAIN: Query = new Map();

function queryOf(text: string): Query {
  const query = parseQuery(text);
  assert.ok(query);
  return query;
}

/** Waits for a value that the test can change. */
function startWait(query: string): {
  time: ManualTime;
  value: { text: string };
  looks: () => number;
  stop: AbortController;
  answer: Promise<Answer>;
} {
  const time = new ManualTime(0);
  const value = { text: "old" };
  const stop = new AbortController();
  let looks = 0;
  const answer = answerWhenChanged(() => {
    looks += 1;
    return Promise.resolve(leafAnswer(value.text, PLAIN));
  }, {
    query: queryOf(query),
    pollMs: 1_000,
    clock: clockOf(time),
    signal: stop.signal,
  });
  return { time, value, looks: () => looks, stop, answer };
}

/** A time for each look that runs on a clock of its own, so that only waits sleep on the side's. */
const OWN_BUDGET = {
  startBudget: () =>
    startDeadline(clockOf(new ManualTime()), {
      ms: 4_500,
      reason: () => new Error("late"),
    }),
};

const OLD = leafAnswer("old", PLAIN).headers?.["ETag"];

Deno.test("answerWhenChanged() answers at once what the client does not know", async () => {
  for (const known of ["0", "another"]) {
    const { answer, time } = startWait(`last_etag=${known}`);
    assert.equal((await answer).body, "old");
    assert.equal(time.sleeping, 0);
  }
});

Deno.test("answerWhenChanged() answers with the change", async () => {
  for (const query of ["", `last_etag=${OLD}`, "timeout_sec=3600"]) {
    const { answer, time, value } = startWait(query);
    await time.asleep(1);
    time.advance(1_000);
    await time.asleep(1);
    value.text = "new";
    time.advance(1_000);
    assert.equal((await answer).body, "new");
  }
});

Deno.test("answerWhenChanged() answers with what there is once the time is over", async (t) => {
  const cases = [
    { query: "timeout_sec=0", looks: 1 },
    { query: "timeout_sec=2", looks: 3 },
    { query: `timeout_sec=3&last_etag=${OLD}`, looks: 4 },
    { query: "", looks: 61 },
    { query: "timeout_sec=86400", looks: 61 },
  ];
  for (const { query, looks: expected } of cases) {
    await t.step(query, async () => {
      const { answer, time, looks } = startWait(query);
      for (let look = 1; look < expected; look += 1) {
        await time.asleep(1);
        time.advance(1_000);
      }
      assert.equal((await answer).body, "old");
      assert.equal(looks(), expected);
    });
  }
});

Deno.test("answerWhenChanged() waits no longer when the clock falls back", async () => {
  const { answer, time, looks } = startWait("timeout_sec=2");
  await time.asleep(1);
  time.jump(-3_600_000);
  for (let look = 1; look < 3; look += 1) {
    await time.asleep(1);
    time.advance(1_000);
  }
  assert.equal((await answer).body, "old");
  assert.equal(looks(), 3);
});

Deno.test("answerWhenChanged() ends with its signal, and answers a refusal at once", async () => {
  const { answer, time, stop } = startWait("");
  await time.asleep(1);
  stop.abort();
  assert.equal((await answer).body, "old");
  assert.equal(time.sleeping, 0);
  const refused = await answerWhenChanged(
    () => Promise.resolve({ status: 404, contentType: "x", body: "" }),
    {
      query: PLAIN,
      pollMs: 1_000,
      clock: clockOf(time),
      signal: new AbortController().signal,
    },
  );
  assert.equal(refused.status, 404);
});

Deno.test("waitSeconds() takes no more than a minute, and nothing for what is no number", () => {
  const cases = { "": 60, "5": 5, "0": 0, "61": 60, "-1": 0, x: 0, "1.5": 0 };
  for (const [text, seconds] of Object.entries(cases)) {
    const query = text === "" ? PLAIN : queryOf(`timeout_sec=${text}`);
    assert.equal(waitSeconds(query), seconds, text);
  }
});

Deno.test("a pod that waits learns of its new account, decided anew at every look", async (t) => {
  const wait = "wait_for_change=true";
  for (
    const target of [
      `${SA}/default/email?${wait}`,
      `${SA}/?recursive=true&${wait}`,
      `${SA}/default/?recursive=true&alt=text&${wait}`,
    ]
  ) {
    await t.step(target, async () => {
      let account = APP;
      await using side = await startPodSide({
        replace: {
          ...OWN_BUDGET,
          decide: () => ({
            outcome: "allow",
            account,
            scopes: [],
            wouldDeny: undefined,
          }),
        },
      });
      const asking = side.get(target);
      await side.google.time.asleep(1);
      account = MIDDLE;
      side.google.time.advance(1_000);
      const { status, body } = await asking;
      assert.equal(status, 200);
      assert.ok(body.includes(MIDDLE) && !body.includes(APP));
      assert.equal(side.google.time.sleeping, 0);
    });
  }
  await t.step("or that it may have none any more", async () => {
    let isDenied = false;
    await using side = await startPodSide({
      replace: {
        ...OWN_BUDGET,
        identify: () =>
          Promise.resolve(
            isDenied
              ? { kind: "refused", reason: "stale", message: "Wait." }
              : {
                kind: "found",
                caller: {
                  pod: createPod("127.0.0.1"),
                  namespace: undefined,
                },
              },
          ),
      },
    });
    const asking = side.get(`${SA}/default/email?${wait}`);
    await side.google.time.asleep(1);
    isDenied = true;
    side.google.time.advance(1_000);
    assert.equal((await asking).status, 503);
  });
});

Deno.test("what waits is bounded for each pod, whatever it waits for", async () => {
  await using side = await startPodSide({
    replace: {
      ...OWN_BUDGET,
      waits: new ConcurrencyLimit({ total: 3, perAddress: 2 }),
    },
  });
  const { time } = side.google;
  const target = `${SA}/default/email?wait_for_change=true&timeout_sec=1`;
  const waiting = [side.get(target), side.get(target)];
  await time.asleep(2);
  const refused = await side.get(target);
  assert.equal(refused.status, 503);
  assert.equal(JSON.parse(refused.body).reason, "overload");
  time.advance(1_000);
  for (const one of waiting) assert.equal((await one).status, 200);
  assert.equal((await side.get(`${target}&last_etag=0`)).status, 200);
});

Deno.test("a value that is concealed while a pod waits for it is not told", async () => {
  let exposure = new Exposure({ expose: "standard", allow: [], deny: [] });
  await using side = await startPodSide({
    replace: { exposure: () => exposure },
  });
  const path = "instance/machine-type";
  const asking = side.get(`${V1}/${path}?wait_for_change=true`);
  await side.google.metadata.waits.reached(1);
  exposure = new Exposure({ expose: "standard", allow: [], deny: [path] });
  side.google.metadata.set(path, "changed");
  assert.equal((await asking).status, 404);
});
