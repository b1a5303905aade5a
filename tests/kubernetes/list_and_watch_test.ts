import assert from "node:assert/strict";
import { describeError } from "../../src/telemetry/log.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import { ANNOTATIONS, assignedPod, NODE } from "./api_setup.ts";
import { FollowedPods } from "./followed_pods.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import type { PlannedFailure } from "../../src/sandbox/kubernetes/fault_plan.ts";

const CART = { resource: "pods", namespace: "default", name: "cart" } as const;
const PAY = { ...CART, name: "pay" } as const;
const MINUTE_MS = 60_000;

Deno.test("listAndWatch() reads all pages and takes them for one list", async (t) => {
  const names = Array.from({ length: 1_001 }, (_, i) => `pod-${1_000 + i}`);
  const objects = names.map((name) => assignedPod({ name }));
  for (const limit of ["kept", "ignored"] as const) {
    await t.step(`limit ${limit}`, async () => {
      await using api = await startKubernetesApi({
        objects: [...objects, assignedPod({ name: "far", nodeName: "node-2" })],
        quirks: { limit },
      });
      await using pods = new FollowedPods(api.url);
      assert.equal(await pods.begin(api), `replaced ${names.join(" ")}`);
      const lists = api.requests.filter(({ verb }) => verb === "list");
      assert.equal(lists.length, limit === "kept" ? 3 : 1);
      for (const { path, query } of lists) {
        assert.equal(path, "/api/v1/pods");
        assert.equal(query.get("limit"), "500");
        assert.equal(query.get("fieldSelector"), `spec.nodeName=${NODE}`);
        assert(!query.has("resourceVersion"));
      }
    });
  }
});

Deno.test("listAndWatch() starts again when the pages have expired", async () => {
  await using api = await startKubernetesApi({
    objects: Array.from(
      { length: 501 },
      (_, i) => assignedPod({ name: `pod-${i}` }),
    ),
  });
  api.faults.failNext(1, {
    status: 410,
    when: ({ query }) => query.has("continue"),
  });
  await using pods = new FollowedPods(api.url);
  const first = await pods.begin(api);
  assert.equal(first?.split(" ").length, 502);
  assert.equal(api.counts.get("list pods"), 4);
});

Deno.test("listAndWatch() tells of what is created, changed and removed", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart", account: "a" })],
  });
  await using pods = new FollowedPods(api.url);
  assert.equal(await pods.begin(api), "replaced cart=a");
  const [watch] = await api.requestsMatching(({ verb }) => verb === "watch", 1);
  assert.equal(watch?.query.get("allowWatchBookmarks"), "true");
  assert.equal(watch?.query.get("timeoutSeconds"), "450");
  assert.equal(
    watch?.query.get("resourceVersion"),
    api.cluster.resourceVersion,
  );
  api.cluster.create(assignedPod({ name: "pay", account: "b" }));
  api.cluster.create(assignedPod({ name: "far", nodeName: "node-2" }));
  annotate(api, "c");
  api.cluster.remove(PAY);
  assert.equal(await pods.news(), "applied pay=b");
  assert.equal(await pods.news(), "applied cart=c");
  assert.equal(await pods.news(), "removed pay=b");
  assert.equal(api.counts.get("list pods"), 1);
  assert.deepEqual(pods.written.lines, []);
});

Deno.test("listAndWatch() resumes from the newest version it has heard of", async (t) => {
  for (const bookmarks of ["sent", "never"] as const) {
    await t.step(`bookmarks ${bookmarks}`, async () => {
      await using api = await startKubernetesApi({ quirks: { bookmarks } });
      await using pods = new FollowedPods(api.url);
      await pods.begin(api);
      api.cluster.create(assignedPod({ name: "cart" }));
      const own = api.cluster.resourceVersion;
      assert.equal(await pods.news(), "applied cart");
      api.cluster.create(assignedPod({ name: "far", nodeName: "node-2" }));
      const newest = api.cluster.resourceVersion;
      api.sendBookmarks();
      if (bookmarks === "sent") {
        assert.deepEqual(await pods.next(), { kind: "contact" });
      }
      api.faults.endWatches();
      assert.deepEqual(await pods.next(), { kind: "contact" });
      const watches = api.requests.filter(({ verb }) => verb === "watch");
      assert.equal(watches.length, 2);
      assert.equal(
        watches[1]?.query.get("resourceVersion"),
        bookmarks === "sent" ? newest : own,
      );
    });
  }
});

Deno.test("listAndWatch() loses and repeats nothing when the watch ends", async (t) => {
  const ends: {
    name: string;
    end: (api: KubernetesApi) => void;
    /** What the fault itself needs to take hold. */
    warns: boolean;
  }[] = [
    {
      name: "clean close",
      end: (api) => api.faults.endWatches(),
      warns: false,
    },
    { name: "reset", end: (api) => api.faults.resetConnections(), warns: true },
    {
      name: "garbage line",
      end: (api) => api.faults.injectLine("<html>502</html>"),
      warns: true,
    },
    {
      name: "line that is no JSON object to the end",
      end: (api) => api.faults.injectLine('{"type":"ADDED","object":'),
      warns: true,
    },
  ];
  for (const { name, end, warns } of ends) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi();
      await using pods = new FollowedPods(api.url);
      await pods.begin(api);
      api.cluster.create(assignedPod({ name: "cart", account: "a" }));
      assert.equal(await pods.news(), "applied cart=a");
      const release = pods.time.hold();
      end(api);
      const news = pods.news();
      await pods.time.paused(1);
      api.cluster.create(assignedPod({ name: "pay" }));
      annotate(api, "b");
      api.cluster.remove(CART);
      release();
      assert.equal(await news, "applied pay");
      assert.equal(await pods.news(), "applied cart=b");
      assert.equal(await pods.news(), "removed cart=b");
      assert.equal(api.counts.get("list pods"), 1);
      assert.equal(pods.written.lines.length, warns ? 1 : 0);
    });
  }
});

Deno.test("listAndWatch() reads an event again that was cut off half-way", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart" })],
  });
  await using pods = new FollowedPods(api.url);
  await pods.begin(api);
  api.faults.cutNextEvent();
  api.cluster.create(assignedPod({ name: "pay", account: "b" }));
  assert.equal(await pods.news(), "applied pay=b");
  annotate(api, "c");
  assert.equal(await pods.news(), "applied cart=c");
  assert.equal(api.counts.get("list pods"), 1);
});

Deno.test("listAndWatch() applies nothing of a list that was cut off half-way", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart" }), assignedPod({ name: "pay" })],
  });
  api.faults.cutNextList();
  await using pods = new FollowedPods(api.url);
  assert.equal(await pods.begin(api), "replaced cart pay");
  assert.equal(api.counts.get("list pods"), 2);
  assert.equal(pods.time.pauses.length, 1);
});

Deno.test("listAndWatch() lists again when its version has expired", async (t) => {
  for (const expiredWatch of ["status", "event"] as const) {
    await t.step(`410 as ${expiredWatch}`, async () => {
      await using api = await startKubernetesApi({
        objects: [assignedPod({ name: "cart" }), assignedPod({ name: "end" })],
        quirks: { expiredWatch },
      });
      await using pods = new FollowedPods(api.url);
      assert.equal(await pods.begin(api), "replaced cart end");
      const release = pods.time.hold();
      api.faults.endWatches();
      const news = pods.news();
      await pods.time.paused(1);
      api.cluster.remove(CART);
      api.cluster.create(assignedPod({ name: "pay" }));
      api.faults.compactHistory();
      release();
      assert.equal(await news, "replaced end pay");
      assert.equal(api.counts.get("list pods"), 2);
      annotateNamed(api, "pay", "b");
      assert.equal(await pods.news(), "applied pay=b");
    });
  }
});

Deno.test("listAndWatch() lists again after an error in the stream", async (t) => {
  const lines = [
    {
      name: "500",
      line: JSON.stringify({
        type: "ERROR",
        object: { kind: "Status", code: 500, message: "etcd is gone" },
      }),
    },
    { name: "without object", line: '{"type":"ERROR"}' },
    { name: "with a null object", line: '{"type":"ERROR","object":null}' },
    { name: "line null", line: "null" },
    { name: "line of text", line: '"ADDED"' },
    { name: "line of a number", line: "7" },
  ];
  for (const { name, line } of lines) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi({
        objects: [assignedPod({ name: "cart" })],
      });
      await using pods = new FollowedPods(api.url);
      await pods.begin(api);
      api.faults.injectLine(line);
      assert.equal(await pods.news(), "replaced cart");
      assert.equal(pods.written.lines.length, 1);
    });
  }
});

Deno.test("listAndWatch() passes over events that tell nothing", async (t) => {
  const lines = [
    { name: "no type", line: "{}" },
    { name: "a list", line: "[]" },
    { name: "no object", line: '{"type":"ADDED"}' },
    { name: "object null", line: '{"type":"MODIFIED","object":null}' },
    { name: "object of text", line: '{"type":"DELETED","object":"cart"}' },
    {
      name: "metadata of text",
      line: '{"type":"ADDED","object":{"metadata":"x"}}',
    },
    {
      name: "version of a number",
      line: '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}',
    },
    {
      name: "unknown type",
      line: '{"type":"RENAMED","object":{"metadata":{"uid":"u","name":"cart",' +
        '"namespace":"default"}}}',
    },
  ];
  for (const { name, line } of lines) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi({
        objects: [assignedPod({ name: "cart" })],
      });
      await using pods = new FollowedPods(api.url);
      await pods.begin(api);
      api.faults.injectLine(line);
      annotate(api, "b");
      assert.equal(await pods.news(), "applied cart=b");
      assert.equal(api.counts.get("watch pods"), 1);
      assert.equal(api.counts.get("list pods"), 1);
    });
  }
});

Deno.test("listAndWatch() goes on after refusals", async (t) => {
  for (const verb of ["list", "watch"]) {
    for (const status of [401, 403, 429, 500, 503]) {
      await t.step(`${verb} ${status}`, async () => {
        const token = "secret-token";
        await using api = await startKubernetesApi({
          objects: [assignedPod({ name: "cart" })],
          tokens: [token],
        });
        const failure: PlannedFailure = {
          status,
          when: (request) => request.verb === verb,
        };
        api.faults.failNext(3, failure);
        await using pods = new FollowedPods(api.url, { token });
        assert.equal(await pods.begin(api), "replaced cart");
        api.cluster.create(assignedPod({ name: "pay" }));
        assert.equal(await pods.news(), "applied pay");
        assert.deepEqual(pods.time.pauses, [100, 200, 400]);
        assert.equal(api.counts.get("list pods"), verb === "list" ? 4 : 1);
        assert.equal(pods.written.lines.length, 3);
        for (const line of pods.written.lines) {
          assert.match(line, new RegExp(`/api/v1/pods answered ${status}: `));
          assert.doesNotMatch(line, /secret-token/);
        }
      });
    }
  }
});

Deno.test("listAndWatch() goes on after the server was down", async () => {
  await using api = await startKubernetesApi();
  await using pods = new FollowedPods(api.url);
  await pods.begin(api);
  const release = pods.time.hold();
  await api.stop();
  const news = pods.news();
  await pods.time.paused(1);
  api.cluster.create(assignedPod({ name: "cart" }));
  await api.start();
  release();
  assert.equal(await news, "applied cart");
});

Deno.test("listAndWatch() opens the watch again after 4 minutes of silence", async () => {
  await using api = await startKubernetesApi();
  await using pods = new FollowedPods(api.url);
  await pods.begin(api);
  api.faults.silence();
  api.cluster.create(assignedPod({ name: "cart" }));
  const word = pods.next();
  pods.time.manual.advance(4 * MINUTE_MS - 1);
  assert.deepEqual(pods.time.pauses, []);
  pods.time.manual.advance(1);
  assert.deepEqual(await word, { kind: "contact" });
  assert.equal(api.counts.get("watch pods"), 2);
  api.faults.speak();
  assert.equal(await pods.news(), "applied cart");
  assert.equal(api.counts.get("list pods"), 1);
  assert.match(pods.written.lines.join(), /fallen silent/);
});

Deno.test("listAndWatch() counts every line as a word", async () => {
  await using api = await startKubernetesApi();
  await using pods = new FollowedPods(api.url);
  await pods.begin(api);
  for (let word = 0; word < 3; word++) {
    pods.time.manual.advance(3 * MINUTE_MS);
    api.sendBookmarks();
    assert.deepEqual(await pods.next(), { kind: "contact" });
  }
  assert.equal(api.counts.get("watch pods"), 1);
});

Deno.test("listAndWatch() pauses with jitter, longer each time, at most 30 s", async (t) => {
  const doubled = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];
  const bases = [...doubled, 30_000, 30_000];
  for (const share of [0, 0.25, 0.999]) {
    await t.step(`share ${share}`, async () => {
      await using api = await startKubernetesApi();
      api.faults.failNext(bases.length, { status: 500 });
      await using pods = new FollowedPods(api.url, { random: () => share });
      await pods.begin(api);
      assert.deepEqual(pods.time.pauses, bases.map((base) => share * base));
    });
  }
});

Deno.test("listAndWatch() pauses at most 1 s after a watch that ended in order", async () => {
  await using api = await startKubernetesApi();
  await using pods = new FollowedPods(api.url, { random: () => 0.5 });
  await pods.begin(api);
  for (let ended = 0; ended < 6; ended += 1) {
    await api.watching("pods", 1);
    api.faults.endWatches();
    assert.deepEqual(await pods.next(), { kind: "contact" });
  }
  assert.deepEqual(pods.time.pauses, [100, 200, 400, 500, 500, 500]);
});

Deno.test("listAndWatch() lists again when the server has lost versions", async () => {
  await using api = await startKubernetesApi();
  await using pods = new FollowedPods(api.url);
  await pods.begin(api);
  api.cluster.create(assignedPod({ name: "cart" }));
  assert.equal(await pods.news(), "applied cart");
  const bookmark = {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { resourceVersion: "7" },
  };
  api.faults.injectLine(JSON.stringify({ type: "BOOKMARK", object: bookmark }));
  assert.equal(await pods.news(), "replaced cart");
});

Deno.test("listAndWatch() starts with short pauses again after a success", async (t) => {
  const successes: {
    name: string;
    succeed: (api: KubernetesApi, pods: FollowedPods) => Promise<void>;
  }[] = [
    {
      name: "an event",
      succeed: async (api, pods) => {
        api.cluster.create(assignedPod({ name: "cart" }));
        assert.equal(await pods.news(), "applied cart");
      },
    },
    {
      name: "a watch that held 5 s",
      succeed: async (_, pods) => {
        pods.time.manual.advance(5_000);
        await Promise.resolve();
      },
    },
  ];
  for (const { name, succeed } of successes) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi();
      api.faults.failNext(3, { status: 500 });
      await using pods = new FollowedPods(api.url);
      await pods.begin(api);
      await succeed(api, pods);
      api.faults.endWatches();
      assert.deepEqual(await pods.next(), { kind: "contact" });
      assert.deepEqual(pods.time.pauses, [100, 200, 400, 100]);
    });
  }
});

Deno.test("listAndWatch() ends when its signal fires", async (t) => {
  await t.step("before the start", async () => {
    await using api = await startKubernetesApi();
    const pods = new FollowedPods(api.url);
    pods.end();
    assert.equal(await pods.next(), undefined);
    assert.equal(api.requests.length, 0);
    await pods[Symbol.asyncDispose]();
  });

  await t.step("while the list's body is on its way", async () => {
    const late = new ManualTime();
    await using api = await startKubernetesApi({ sleep: late.sleep });
    api.faults.delayLists(60_000);
    await using pods = new FollowedPods(api.url);
    const next = pods.next();
    await late.asleep(1);
    pods.end();
    assert.equal(await next, undefined);
  });

  await t.step("while the server answers nothing", async () => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using pods = new FollowedPods(`http://127.0.0.1:${server.addr.port}`);
    const next = pods.next();
    using _ = await server.accept();
    pods.end();
    assert.equal(await next, undefined);
  });

  await t.step("while it pauses", async () => {
    await using api = await startKubernetesApi();
    api.faults.failNext(1, { status: 500 });
    await using pods = new FollowedPods(api.url);
    const release = pods.time.hold();
    const next = pods.next();
    await pods.time.paused(1);
    pods.end();
    assert.equal(await next, undefined);
    release();
    assert.equal(api.requests.length, 1);
  });

  await t.step("while the watch is open", async () => {
    await using api = await startKubernetesApi();
    await using pods = new FollowedPods(api.url);
    await pods.begin(api);
    const next = pods.next();
    pods.end();
    assert.equal(await next, undefined);
    await api.watching("pods", 0);
    assert.deepEqual(pods.written.lines, []);
  });

  await t.step("between two events", async () => {
    await using api = await startKubernetesApi();
    const pods = new FollowedPods(api.url);
    await pods.begin(api);
    await pods[Symbol.asyncDispose]();
    await api.watching("pods", 0);
  });

  await t.step("together with the end of the watch", async () => {
    await using api = await startKubernetesApi();
    await using pods = new FollowedPods(api.url);
    await pods.begin(api);
    api.faults.endWatches();
    const next = pods.next();
    pods.end();
    assert.equal(await next, undefined);
  });

  await t.step("in the middle of an event", async () => {
    await using api = await startKubernetesApi();
    await using pods = new FollowedPods(api.url);
    await pods.begin(api);
    api.faults.cutNextEvent();
    api.cluster.create(assignedPod({ name: "cart" }));
    const next = pods.next();
    pods.end();
    assert.equal(await next, undefined);
  });
});

Deno.test("listAndWatch() ends after any number of turns of the event loop", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart" })],
  });
  for (let turns = 0; turns < 60; turns++) {
    const pods = new FollowedPods(api.url);
    const reading = (async (): Promise<void> => {
      while (await pods.next() !== undefined);
    })();
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    if (turns % 3 === 0) api.faults.resetConnections();
    if (turns % 3 === 1) api.faults.endWatches();
    pods.end();
    await reading.catch((error) => assert.fail(describeError(error)));
    await pods[Symbol.asyncDispose]();
  }
});

function annotate(api: KubernetesApi, account: string): void {
  annotateNamed(api, "cart", account);
}

function annotateNamed(
  api: KubernetesApi,
  name: string,
  account: string,
): void {
  api.cluster.patch({ ...CART, name }, {
    metadata: { annotations: { [ANNOTATIONS.serviceAccount]: account } },
  });
}

/** Lets everything run that is ready to run. */
function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (): void => {
    port1.close();
    port2.close();
    resolve();
  };
  port2.postMessage(undefined);
  return promise;
}

Deno.test("listAndWatch() comes back no sooner than an overloaded server says, within reason", async (t) => {
  const cases = [
    { retryAfterSeconds: 7, pauses: [7_000, 200] },
    { retryAfterSeconds: 3_600, pauses: [20_000, 200] },
    { retryAfterSeconds: 0, pauses: [100, 200] },
  ];
  for (const { retryAfterSeconds, pauses } of cases) {
    await t.step(`${retryAfterSeconds} s`, async () => {
      await using api = await startKubernetesApi({
        objects: [assignedPod({ name: "cart" })],
      });
      api.faults.failNext(1, { status: 429, retryAfterSeconds });
      api.faults.failNext(1, { status: 500 });
      await using pods = new FollowedPods(api.url);
      assert.equal(await pods.begin(api), "replaced cart");
      assert.deepEqual(pods.time.pauses, pauses);
    });
  }
});
