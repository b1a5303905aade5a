import assert from "node:assert/strict";
import { NodeIdentity } from "../../src/google/node_identity.ts";
import type { LogFields, LogLevel } from "../../src/telemetry/log.ts";
import { type GoogleSide, NODE, startGoogleSide } from "./google_side.ts";
import { clockOf } from "./manual_clock.ts";

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

interface Learner extends AsyncDisposable {
  readonly identity: NodeIdentity;
  readonly lines: readonly Line[];
  readonly done: Promise<void>;
}

/** Starts learning, with the server's state as it is. */
function learn({ client, time }: GoogleSide): Learner {
  const lines: Line[] = [];
  const stop = new AbortController();
  const identity = new NodeIdentity({
    askUpstream: client.ask,
    clock: clockOf(time),
    log: (level, message, fields) => lines.push({ level, message, fields }),
  });
  const done = identity.learn(stop.signal);
  return {
    identity,
    lines,
    done,
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await done;
    },
  };
}

Deno.test("NodeIdentity knows nothing at first and learns project and account", async () => {
  await using google = await startGoogleSide();
  await using learner = learn(google);
  assert.equal(learner.identity.account, undefined);
  assert.equal(learner.identity.projectId, undefined);
  await learner.done;
  assert.equal(learner.identity.account, NODE);
  assert.equal(learner.identity.projectId, "demo-proj");
  assert.equal(google.time.sleeping, 0);
  assert.deepEqual(learner.lines.map(({ level }) => level), ["info", "info"]);
});

Deno.test("NodeIdentity retries in growing pauses until the server answers, and warns once a value", async () => {
  await using google = await startGoogleSide();
  const { metadata, time } = google;
  await metadata.stop();
  await using learner = learn(google);
  for (
    const pauseMs of [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]
  ) {
    await time.asleep(2);
    time.advance(pauseMs - 1);
    assert.equal(time.sleeping, 2);
    time.advance(1);
    assert.equal(time.sleeping, 0);
  }
  await time.asleep(2);
  await metadata.start();
  time.advance(15_000);
  await learner.done;
  assert.equal(learner.identity.account, NODE);
  assert.equal(learner.identity.projectId, "demo-proj");
  assert.deepEqual(learner.lines.map(({ level }) => level), [
    "warn",
    "warn",
    "info",
    "info",
  ]);
});

Deno.test("NodeIdentity learns one value while the other is absent, and the other once it is there", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly arrange: (google: GoogleSide) => void;
    readonly mend: (google: GoogleSide) => void;
    readonly first: readonly [string | undefined, string | undefined];
  }[] = [
    {
      name: "node without account",
      arrange: ({ metadata }) => metadata.setAccount("none"),
      mend: ({ metadata }) => metadata.setAccount({}),
      first: [undefined, "demo-proj"],
    },
    {
      name: "no project",
      arrange: ({ metadata }) => metadata.remove("project/project-id"),
      mend: ({ metadata }) => metadata.set("project/project-id", "demo-proj"),
      first: [NODE, undefined],
    },
    {
      name: "empty project",
      arrange: ({ metadata }) => metadata.set("project/project-id", ""),
      mend: ({ metadata }) => metadata.set("project/project-id", "demo-proj"),
      first: [NODE, undefined],
    },
    {
      name: "account that is no e-mail",
      arrange: ({ metadata }) =>
        metadata.setAccount({ email: "demo-proj.svc.id.goog" }),
      mend: ({ metadata }) => metadata.setAccount({}),
      first: [undefined, "demo-proj"],
    },
    {
      name: "account that would change a URL",
      arrange: ({ metadata }) =>
        metadata.setAccount({ email: "a@b.example/../c" }),
      mend: ({ metadata }) => metadata.setAccount({}),
      first: [undefined, "demo-proj"],
    },
  ];
  for (const { name, arrange, mend, first } of cases) {
    await t.step(name, async () => {
      await using google = await startGoogleSide();
      arrange(google);
      await using learner = learn(google);
      await google.metadata.requests.reached(2);
      await google.time.asleep(1);
      google.time.advance(250);
      await google.metadata.requests.reached(3);
      await google.time.asleep(1);
      const { identity } = learner;
      assert.deepEqual([identity.account, identity.projectId], first);
      mend(google);
      google.time.advance(500);
      await learner.done;
      assert.deepEqual([identity.account, identity.projectId], [
        NODE,
        "demo-proj",
      ]);
    });
  }
});

Deno.test("NodeIdentity ends when aborted, in a pause or in a request", async (t) => {
  await t.step("pause", async () => {
    await using google = await startGoogleSide();
    await google.metadata.stop();
    const learner = learn(google);
    await google.time.asleep(2);
    await learner[Symbol.asyncDispose]();
    assert.equal(google.time.sleeping, 0);
  });
  await t.step("request", async () => {
    await using google = await startGoogleSide();
    const release = google.metadata.faults.hold();
    const learner = learn(google);
    await google.metadata.requests.reached(2);
    await learner[Symbol.asyncDispose]();
    assert.equal(learner.identity.account, undefined);
    assert.deepEqual(learner.lines, []);
    release();
  });
  await t.step("before the start", async () => {
    await using google = await startGoogleSide();
    const identity = new NodeIdentity({
      askUpstream: google.client.ask,
      clock: clockOf(google.time),
      log: () => {},
    });
    await identity.learn(AbortSignal.abort());
    assert.equal(google.metadata.requests.count(), 0);
  });
});
