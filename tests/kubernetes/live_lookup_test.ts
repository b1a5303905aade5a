import assert from "node:assert/strict";
import type { Lookup } from "../../src/core/pod.ts";
import { decodePod } from "../../src/kubernetes/decode.ts";
import { createLiveLookup } from "../../src/kubernetes/live_lookup.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import {
  ANNOTATIONS,
  assignedPod,
  createApiClient,
  LogLines,
  NODE,
} from "./api_setup.ts";
import { serveText } from "./text_server.ts";

const ADDRESS = "10.0.0.1";
const never = new AbortController().signal;

Deno.test("createLiveLookup() asks for one address of one node", async (t) => {
  const cases = [
    { name: "a node", node: NODE, suffix: `,spec.nodeName=${NODE}` },
    { name: "every node", node: "", suffix: "" },
  ];
  for (const { name, node, suffix } of cases) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi({
        objects: [assignedPod({ name: "cart", podIP: ADDRESS, account: "a" })],
      });
      using setup = new LookupSetup(api.url, node);
      const found = await setup.lookUp(ADDRESS);
      assert.equal(found?.kind === "found" && found.pod.accountAnnotation, "a");
      const [request] = api.requests;
      assert.equal(request?.path, "/api/v1/pods");
      assert.equal(
        request?.query.get("fieldSelector"),
        `status.podIP=${ADDRESS}${suffix}`,
      );
      assert(!request?.query.has("resourceVersion"));
    });
  }
});

Deno.test("createLiveLookup() judges claimants as the index does", async (t) => {
  const cases: {
    name: string;
    kind: Lookup["kind"];
    arrange: (api: KubernetesApi) => void;
  }[] = [
    { name: "nobody", kind: "unknown", arrange: () => {} },
    {
      name: "a pod of another node",
      kind: "unknown",
      arrange: ({ cluster }) =>
        cluster.create(
          assignedPod({ name: "far", podIP: ADDRESS, nodeName: "node-2" }),
        ),
    },
    {
      name: "a finished pod",
      kind: "unknown",
      arrange: ({ cluster }) =>
        cluster.create(
          assignedPod({ name: "job", podIP: ADDRESS, phase: "Succeeded" }),
        ),
    },
    {
      name: "host network",
      kind: "host-network",
      arrange: ({ cluster }) =>
        cluster.create(
          assignedPod({ name: "agent", podIP: ADDRESS, hostNetwork: true }),
        ),
    },
    {
      name: "two running pods",
      kind: "ambiguous",
      arrange: ({ cluster }) => {
        cluster.create(assignedPod({ name: "cart", podIP: ADDRESS }));
        cluster.create(assignedPod({ name: "pay", podIP: ADDRESS }));
      },
    },
  ];
  for (const { name, kind, arrange } of cases) {
    await t.step(name, async () => {
      await using api = await startKubernetesApi();
      arrange(api);
      using setup = new LookupSetup(api.url);
      assert.deepEqual(await setup.lookUp(ADDRESS), { kind });
    });
  }
});

Deno.test("createLiveLookup() ignores pods of other addresses in the answer", async () => {
  const other = {
    ...assignedPod({ name: "cart", podIP: "10.0.0.2" }),
    metadata: { name: "cart", namespace: "default", uid: "u1" },
  };
  await using server = serveText(
    200,
    JSON.stringify({ items: [other, other] }),
  );
  using setup = new LookupSetup(server.url);
  assert.deepEqual(await setup.lookUp(ADDRESS), { kind: "unknown" });
});

Deno.test("createLiveLookup() finds nobody in an answer of unknown form", async (t) => {
  for (
    const body of ["{}", "null", "[]", '{"items":7}', '{"items":[null,7]}']
  ) {
    await t.step(body, async () => {
      await using server = serveText(200, body);
      using setup = new LookupSetup(server.url);
      assert.deepEqual(await setup.lookUp(ADDRESS), { kind: "unknown" });
    });
  }
});

Deno.test("createLiveLookup() tells nothing when the server does not answer", async (t) => {
  for (const status of [401, 403, 429, 500]) {
    await t.step(`status ${status}`, async () => {
      await using api = await startKubernetesApi();
      api.faults.failNext(1, { status });
      using setup = new LookupSetup(api.url);
      assert.equal(await setup.lookUp(ADDRESS), undefined);
      assert.equal(setup.written.lines.length, 1);
      assert.match(setup.written.lines[0] ?? "", /^warn Cannot look up a pod/);
    });
  }
  await t.step("no JSON", async () => {
    await using server = serveText(200, "<html>");
    using setup = new LookupSetup(server.url);
    assert.equal(await setup.lookUp(ADDRESS), undefined);
  });
  await t.step("refused connection", async () => {
    const api = await startKubernetesApi();
    await api.stop();
    using setup = new LookupSetup(api.url);
    assert.equal(await setup.lookUp(ADDRESS), undefined);
  });
  await t.step("30 s of silence", async () => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using setup = new LookupSetup(`http://127.0.0.1:${server.addr.port}`);
    const answer = setup.lookUp(ADDRESS);
    using _ = await server.accept();
    setup.time.advance(30_000);
    assert.equal(await answer, undefined);
    assert.match(setup.written.lines[0] ?? "", /did not answer in time/);
  });
  await t.step("the signal, without a log line", async () => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using setup = new LookupSetup(`http://127.0.0.1:${server.addr.port}`);
    const leaving = new AbortController();
    const answer = setup.lookUp(ADDRESS, leaving.signal);
    using _ = await server.accept();
    leaving.abort();
    assert.equal(await answer, undefined);
    assert.deepEqual(setup.written.lines, []);
  });
});

Deno.test("createLiveLookup() asks five times a second at most", async () => {
  await using api = await startKubernetesApi();
  using setup = new LookupSetup(api.url);
  const ask = async (count: number): Promise<number> => {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, i) => setup.lookUp(`10.0.0.${i}`)),
    );
    return answers.filter((answer) => answer !== undefined).length;
  };
  assert.equal(await ask(20), 5);
  assert.equal(await ask(1), 0);
  setup.time.advance(199);
  assert.equal(await ask(1), 0);
  setup.time.advance(1);
  assert.equal(await ask(2), 1);
  setup.time.advance(3_600_000);
  assert.equal(await ask(20), 5);
  assert.equal(api.counts.get("list pods"), 11);
});

class LookupSetup implements Disposable {
  readonly time = new ManualTime();
  readonly written = new LogLines();
  readonly outcomes: string[] = [];
  readonly #api;
  readonly #lookUp;

  constructor(url: string, node = NODE) {
    this.#api = createApiClient(url, { clock: this.time });
    this.#lookUp = createLiveLookup({
      api: this.#api,
      node,
      decode: (object) => decodePod(object, ANNOTATIONS),
      clock: this.time,
      log: this.written.log,
      onLookup: (outcome) => this.outcomes.push(outcome),
    });
  }

  lookUp(
    address: string,
    signal: AbortSignal = never,
  ): Promise<Lookup | undefined> {
    return this.#lookUp(address, signal);
  }

  [Symbol.dispose](): void {
    assert.equal(this.time.sleeping, 0, "a timer is left");
    this.#api[Symbol.dispose]();
  }
}
