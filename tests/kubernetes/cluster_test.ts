import assert from "node:assert/strict";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import { namespaceObject } from "../../src/sandbox/kubernetes/objects.ts";
import { ANNOTATIONS, assignedPod, NODE } from "./api_setup.ts";
import { given, makeCertificates } from "./certificates.ts";
import { ADDRESS, ClusterSetup, STALENESS_MS } from "./cluster_setup.ts";
import { openFront } from "./tls_front.ts";

const CART = { resource: "pods", namespace: "default", name: "cart" } as const;
const JOB = { ...CART, name: "job" } as const;
const cart = assignedPod({ name: "cart", podIP: ADDRESS, account: "a" });

Deno.test("Cluster.identify() follows a pod through its life", async () => {
  await using api = await startKubernetesApi();
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const early = setup.ask();
  assert.equal(setup.cluster.parkedCount, 1);
  api.cluster.create(cart);
  assert.equal(await early, "cart a");
  annotate(api, "b");
  await setup.settle(api);
  assert.equal(await setup.askNow(), "cart b");
  api.cluster.markTerminating(CART);
  assert.equal(await setup.ask(), "cart b");
  api.cluster.remove(CART);
  await setup.settle(api);
  assert.equal(await setup.askNow(), "unknown-caller");
  assert.equal(setup.cluster.parkedCount, 0);
});

Deno.test("Cluster.identify() finds a pod by each address as soon as it has any", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "cart", account: "a" })],
  });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const asking = [setup.ask(), setup.ask("fd00::1")];
  api.cluster.patch(CART, {
    status: {
      phase: "Running",
      podIP: ADDRESS,
      podIPs: [{ ip: ADDRESS }, { ip: "FD00:0:0::1" }],
    },
  });
  assert.deepEqual(await Promise.all(asking), ["cart a", "cart a"]);
});

Deno.test("Cluster.identify() hands the address of a finished pod to the next", async () => {
  await using api = await startKubernetesApi({
    objects: [assignedPod({ name: "job", podIP: ADDRESS, account: "a" })],
  });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  assert.equal(await setup.ask(), "job a");
  api.cluster.patch(JOB, { status: { phase: "Succeeded" } });
  await setup.settle(api);
  assert.equal(await setup.askNow(), "unknown-caller");
  assert(!setup.cluster.isClaimed(ADDRESS));
  const waiting = setup.ask();
  assert.equal(setup.cluster.parkedCount, 1);
  api.cluster.create(
    assignedPod({ name: "cart", podIP: ADDRESS, account: "b" }),
  );
  assert.equal(await waiting, "cart b");
  api.cluster.remove(JOB);
  api.cluster.patch(CART, {
    metadata: { annotations: { [ANNOTATIONS.serviceAccount]: "c" } },
  });
  await setup.settle(api);
  assert.equal(await setup.askNow(), "cart c");
});

Deno.test("Cluster.identify() watches the pods of its node only, or all", async (t) => {
  for (const node of [NODE, ""]) {
    await t.step(`node "${node}"`, async () => {
      await using api = await startKubernetesApi({
        objects: [
          assignedPod({
            name: "far",
            podIP: ADDRESS,
            nodeName: "node-2",
            account: "a",
          }),
        ],
      });
      await using setup = new ClusterSetup(api.url, { node });
      await setup.ready(api);
      assert.equal(
        await setup.askNow(),
        node === "" ? "far a" : "unknown-caller",
      );
    });
  }
});

Deno.test("Cluster.identify() gives the allow-list where it counts, and asks for namespaces only there", async (t) => {
  const objects = [
    namespaceObject({
      name: "shop",
      annotations: { [ANNOTATIONS.allowedServiceAccounts]: '["a*"]' },
    }),
    assignedPod({ name: "cart", namespace: "shop", podIP: ADDRESS }),
  ];
  await t.step("not needed", async () => {
    await using api = await startKubernetesApi({ objects });
    await using setup = new ClusterSetup(api.url);
    await setup.ready(api);
    assert.equal(await setup.allowListKind(), undefined);
    assert(api.requests.every(({ resource }) => resource === "pods"));
  });
  await t.step("needed", async () => {
    await using api = await startKubernetesApi({ objects });
    api.faults.failNext(1, {
      status: 403,
      when: ({ resource }) => resource === "namespaces",
    });
    await using setup = new ClusterSetup(api.url, { namespaces: "needed" });
    const release = setup.time.hold();
    const early = setup.ask();
    await setup.time.paused(1);
    assert(!setup.cluster.hasSynced);
    release();
    assert.equal(await early, "cart ");
    assert.equal(await setup.allowListKind(), "patterns");
    await api.watching("namespaces", 1);
    const seen = api.counts.get("list namespaces");
    api.cluster.patch({ resource: "namespaces", name: "shop" }, {
      metadata: { annotations: { [ANNOTATIONS.allowedServiceAccounts]: "[" } },
    });
    await setup.settle(api);
    assert.equal(await setup.allowListKind(), "malformed");
    assert.equal(api.counts.get("list namespaces"), seen);
  });
});

Deno.test("Cluster.identify() never mistakes one pod for another during a fault", async (t) => {
  const certificates = await makeCertificates();
  const fronts = [
    "plain",
    "http/1.1",
    "http/1.1 byte by byte",
    "h2",
  ] as const;
  const faults: { name: string; begin: (api: KubernetesApi) => void }[] = [
    { name: "reset", begin: (api) => api.faults.resetConnections() },
    { name: "clean close", begin: (api) => api.faults.endWatches() },
    {
      name: "garbage line",
      begin: (api) => api.faults.injectLine("garbage"),
    },
    {
      name: "ERROR event",
      begin: (api) => api.faults.injectLine('{"type":"ERROR","object":{}}'),
    },
    {
      name: "expired version",
      begin: (api): void => {
        api.faults.endWatches();
        api.faults.compactHistory();
      },
    },
    {
      name: "list cut off after an expired version",
      begin: (api): void => {
        api.faults.cutNextList();
        api.faults.injectLine('{"type":"ERROR","object":{"code":410}}');
      },
    },
    { name: "event cut off", begin: (api) => api.faults.cutNextEvent() },
    ...[401, 403, 500].map((status) => ({
      name: `status ${status}`,
      begin: (api: KubernetesApi): void => {
        api.faults.failNext(3, { status });
        api.faults.resetConnections();
      },
    })),
  ];
  const cases = fronts.flatMap((front) =>
    faults.map((fault) => ({ ...fault, front }))
  );
  for (const { name, begin, front } of cases) {
    await t.step({
      name: front === "plain" ? name : `${name}, by TLS and ${front}`,
      // Certificates take openssl.
      ignore: front !== "plain" && certificates === undefined,
      fn: async () => {
        await using api = await startKubernetesApi({
          objects: [
            cart,
            assignedPod({ name: "pay", podIP: "10.0.0.2", account: "p" }),
          ],
        });
        await using opened = front === "plain"
          ? undefined
          : await openFront(front, api.url, given(certificates));
        await using setup = new ClusterSetup(
          api.url,
          opened === undefined ? {} : { connection: opened.connection },
        );
        await setup.ready(api);
        const answers: { cart: string[]; pay: string[] } = {
          cart: [],
          pay: [],
        };
        const askBoth = async (): Promise<void> => {
          answers.cart.push(await setup.askNow());
          answers.pay.push(await setup.askNow("10.0.0.2"));
        };
        setup.onTurn = askBoth;
        begin(api);
        annotate(api, "b");
        await askBoth();
        await setup.settle(api);
        await askBoth();
        assert(answers.cart.length >= 3);
        for (const answer of answers.cart) assert.match(answer, /^cart [ab]$/);
        for (const answer of answers.pay) assert.equal(answer, "pay p");
        assert.equal(await setup.askNow(), "cart b");
      },
    });
  }
});

Deno.test("Cluster.identify() keeps up with 5,000 changes at once", async () => {
  await using api = await startKubernetesApi({ objects: [cart] });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  for (let change = 1; change <= 5_000; change += 1) {
    annotate(api, `account-${change}`);
    if (change % 1_000 === 0) assert.match(await setup.askNow(), /^cart /);
  }
  await setup.settle(api);
  assert.equal(await setup.askNow(), "cart account-5000");
  assert.equal(api.counts.get("list pods"), 1);
});

Deno.test("Cluster.identify() takes a pod of 2 MiB as any other", async () => {
  await using api = await startKubernetesApi({ objects: [cart] });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const object = assignedPod({ name: "big", podIP: "10.0.0.9" });
  const metadata = {
    name: "big",
    namespace: "default",
    uid: "big-uid",
    resourceVersion: "1000000",
    annotations: {
      [ANNOTATIONS.serviceAccount]: "b",
      other: "\u20ac".repeat(700_000),
    },
  };
  const line = JSON.stringify({
    type: "ADDED",
    object: { ...object, metadata },
  });
  assert.ok(new TextEncoder().encode(line).length > 2 * 1024 * 1024);
  api.faults.injectLine(line);
  assert.equal(await setup.ask("10.0.0.9"), "big b");
});

Deno.test("Cluster.identify() past the bound on staleness asks who it is", async () => {
  await using api = await startKubernetesApi({ objects: [cart] });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const { time: { manual } } = setup;
  const begun = manual.now();
  setup.time.hold();
  api.faults.endWatches();
  await setup.time.paused(1);
  api.cluster.remove(CART);
  await api.stop();
  manual.advance(STALENESS_MS);
  assert.equal(setup.cluster.contactAgeMs, manual.now() - begun);
  manual.advance(1);

  const unanswered = setup.ask();
  await setup.logged.reached(1, (line) => line === "Cannot look up a pod");
  manual.advance(2_000);
  assert.equal(await unanswered, "stale");

  api.cluster.create(
    assignedPod({ name: "pay", podIP: ADDRESS, account: "p" }),
  );
  await api.start();
  assert.equal(await setup.ask(), "pay p");
});

Deno.test("Cluster.identify() does not trust a contact in the future", async () => {
  await using api = await startKubernetesApi({ objects: [cart] });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const { time: { manual } } = setup;
  setup.time.hold();
  api.faults.endWatches();
  await setup.time.paused(1);
  await api.stop();
  manual.jump(-1_000);
  assert.equal(setup.cluster.contactAgeMs, 0);
  assert.equal(await setup.ask(), "cart a");
  manual.jump(-3_600_000);
  assert.equal(setup.cluster.contactAgeMs, Infinity);
  const unanswered = setup.ask();
  await setup.logged.reached(1, (line) => line === "Cannot look up a pod");
  manual.advance(2_000);
  assert.equal(await unanswered, "stale");
  await api.start();
});

Deno.test("Cluster says of pods on the node's network that they get nothing, and counts them", async () => {
  await using api = await startKubernetesApi({ objects: [cart] });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  assert.equal(setup.cluster.hostNetworkCount, 0);
  api.cluster.create(assignedPod({
    name: "vain",
    podIP: "10.0.0.250",
    hostNetwork: true,
    account: "v",
  }));
  await setup.logged.reached(1, (line) => line.includes("no effect"));
  assert.equal(setup.cluster.hostNetworkCount, 1);
});

Deno.test("Cluster ends when disposed of, also before any contact", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using setup = new ClusterSetup(`http://127.0.0.1:${server.addr.port}`, {
    namespaces: "needed",
  });
  using _ = await server.accept();
  assert.equal(setup.cluster.contactAgeMs, undefined);
  assert.equal(await setup.askNow(), "not-synced");
});

const OTHER_KEYS = { ...ANNOTATIONS, serviceAccount: "example.com/account" };

Deno.test("Cluster.change() goes on as before until all is listed anew", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      assignedPod({
        name: "cart",
        podIP: ADDRESS,
        namespace: "shop",
        annotations: {
          "example.com/account": "new",
          [ANNOTATIONS.serviceAccount]: "old",
        },
      }),
    ],
  });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  assert.equal(await setup.ask(), "cart old");
  api.faults.failNext(1, { status: 500, when: ({ verb }) => verb === "list" });
  const { promise, resolve } = Promise.withResolvers<void>();
  setup.cluster.change(
    { annotations: OTHER_KEYS, namespaces: "needed" },
    resolve,
  );
  assert.equal(await setup.ask(), "cart old");
  await promise;
  assert.equal(await setup.ask(), "cart new");
  assert.equal(await setup.allowListKind(), "absent");
  await api.watching("pods", 1);
});

Deno.test("Cluster.change() is superseded by a later one", async () => {
  await using api = await startKubernetesApi({
    objects: [
      namespaceObject({ name: "shop" }),
      assignedPod({ name: "cart", podIP: ADDRESS, namespace: "shop" }),
    ],
  });
  await using setup = new ClusterSetup(api.url);
  await setup.ready(api);
  const changes: string[] = [];
  setup.cluster.change(
    { annotations: OTHER_KEYS, namespaces: "needed" },
    () => changes.push("superseded"),
  );
  setup.cluster.change(
    { annotations: ANNOTATIONS, namespaces: "ignored" },
    () => changes.push("back"),
  );
  assert.deepEqual(changes, ["back"]);
  await setup.settle(api);
  assert.deepEqual(changes, ["back"]);
});

function annotate(api: KubernetesApi, account: string): void {
  api.cluster.patch(CART, {
    metadata: { annotations: { [ANNOTATIONS.serviceAccount]: account } },
  });
}
