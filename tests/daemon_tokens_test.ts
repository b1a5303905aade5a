import assert from "node:assert/strict";
import http from "node:http";
import { podObject } from "../src/sandbox/kubernetes/objects.ts";
import { SANDBOX_NODE } from "../src/sandbox/sandbox_pods.ts";
import {
  A,
  B,
  ConformanceNode,
  EMAIL,
  OTHER_EMAIL,
  write,
} from "./metadata/conformance/node.ts";
import { SA } from "./metadata/pod_side.ts";
import { askAsPod } from "./pod_client.ts";
import type { RawAnswer } from "./sandbox/raw_http.ts";

const TOKEN = `${SA}/default/token`;
const ACCOUNT_KEY = "accounts.google.com/service-account";
/** No other pod has it. */
const ALONE = "alone@demo-proj.iam.gserviceaccount.com";
const PREFETCH = "--token-prefetch=true";
const MINUTE = 60_000;
/** In the cache of a daemon that mints ahead: the pods of the sandbox, and A's and B's. */
const BASE_TOKENS = 5;

/**
 * Counts the calls of IAM for an account, but those that only told the library that the
 * node's token is over: it goes by the real clock, and not by the test's.
 */
function callsFor(node: ConformanceNode, account: string): number {
  return node.sandbox.iam.calls.count((call) =>
    call.account === account && call.status !== 401 &&
    call.status !== undefined
  );
}

function leftOf(answer: Pick<RawAnswer, "status" | "body">): number {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body).expires_in;
}

/** Waits for something that nobody tells of. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits for the daemon to have so many tokens; it tells so by its metrics. */
async function untilTokens(
  node: ConformanceNode,
  count: number,
): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    const metrics = await node.metrics();
    if (metrics.includes(`\nsaassigner_tokens ${count}\n`)) return;
    node.time.advance(100);
  }
  throw new Error(`never ${count} tokens: ${await node.metrics()}`);
}

Deno.test("startDaemon() has the tokens of annotated pods before they ask", async () => {
  await using node = await ConformanceNode.start(PREFETCH);
  await untilTokens(node, BASE_TOKENS);
  node.forget();
  for (const from of [A, B]) leftOf(await node.get(TOKEN, { from }));
  assert.deepEqual(node.iamCalls, []);
  node.sandbox.kubernetes.cluster.create(podObject({
    name: "newcomer",
    // Not even an address yet.
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: "new@demo-proj.iam.gserviceaccount.com" },
  }));
  node.time.advance(100);
  await node.sandbox.iam.calls.reached(
    1,
    ({ account }) => account === "new@demo-proj.iam.gserviceaccount.com",
  );
});

Deno.test("startDaemon() mints 20 accounts of 500 pods 20 times a lifetime", async () => {
  await using node = await ConformanceNode.start(PREFETCH);
  await untilTokens(node, BASE_TOKENS);
  const { iam, kubernetes, nodeAccount } = node.sandbox;
  const accounts = Array.from(
    { length: 20 },
    (_, index) => `many-${index}@demo-proj.iam.gserviceaccount.com`,
  );
  for (const account of accounts) {
    iam.accounts.add(account);
    iam.accounts.grant(account, nodeAccount);
  }
  node.forget();
  for (let index = 0; index < 500; index += 1) {
    kubernetes.cluster.create(podObject({
      name: `many-${index}`,
      podIP: `127.1.${index >> 8}.${index & 255}`,
      nodeName: SANDBOX_NODE,
      annotations: { [ACCOUNT_KEY]: accounts[index % 20] ?? "" },
    }));
  }
  await untilTokens(node, BASE_TOKENS + 20);
  const ask = async (index: number): Promise<void> => {
    const from = `127.1.${index >> 8}.${index & 255}`;
    leftOf(await askAsPod(node.port, { from, path: TOKEN }));
  };
  for (let index = 0; index < 500; index += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, offset) => ask(index + offset)),
    );
  }
  const counts = (): number[] =>
    accounts.map((account) => callsFor(node, account));
  assert.deepEqual(counts(), accounts.map(() => 1));
  for (const lifetime of [2, 3]) {
    await node.pass(49 * MINUTE);
    for (let second = 0; second < 120; second += 1) {
      node.time.advance(1_000);
      await node.settle();
    }
    assert.deepEqual(counts(), accounts.map(() => lifetime));
  }
});

Deno.test("startDaemon() hides ten minutes without IAM from pods with a token", async (t) => {
  const faults = [
    {
      name: "refused",
      begin: (node: ConformanceNode) => node.sandbox.iam.stop(),
    },
    {
      name: "hangs",
      begin: (node: ConformanceNode) => {
        node.sandbox.iam.faults.add({ kind: "delay", ms: 3_600_000 });
      },
    },
    {
      name: "garbage",
      begin: (node: ConformanceNode) => {
        node.sandbox.iam.faults.add({ kind: "garbage" });
      },
    },
    {
      name: "cut off",
      begin: (node: ConformanceNode) => {
        node.sandbox.iam.faults.add({ kind: "cut" });
      },
    },
    {
      name: "over quota",
      begin: (node: ConformanceNode) => {
        node.sandbox.iam.faults.add({
          kind: "status",
          status: 429,
          headers: { "Retry-After": "30" },
        });
      },
    },
  ];
  for (const { name, begin } of faults) {
    await t.step(name, async () => {
      await using node = await ConformanceNode.start();
      const first = await node.get(TOKEN);
      // At the worst time: what is left is renewed in a minute.
      await node.pass((leftOf(first) - 660) * 1_000);
      await begin(node);
      node.forget();
      for (let minute = 0; minute < 10; minute += 1) {
        for (let second = 0; second < 60; second += 5) {
          await node.pass(5_000);
          // Time stands still meanwhile: nobody waits for anything.
          const answer = await node.get(TOKEN);
          assert.ok(leftOf(answer) > 0);
        }
      }
      if (name === "over quota") {
        assert.ok(
          callsFor(node, EMAIL) <= 20,
          `${callsFor(node, EMAIL)} calls`,
        );
      }
      node.sandbox.iam.faults.clear();
      await node.sandbox.iam.start();
      const isRenewed = until(async () =>
        leftOf(await node.get(TOKEN)) > 3_000
      );
      await node.elapse(isRenewed, { maxMs: MINUTE });
    });
  }
});

Deno.test("startDaemon() makes one call for a herd at the end of a token", async () => {
  await using node = await ConformanceNode.start();
  const left = leftOf(await node.get(TOKEN));
  await node.pass((left - 700) * 1_000);
  const release = node.sandbox.iam.faults.hold();
  node.forget();
  // The clock alone, so that no renewal comes first.
  node.time.jump(700_000);
  const quiet = node.time.sleeping;
  const asking = Array.from({ length: 100 }, () => node.get(TOKEN));
  await node.time.asleep(quiet + 100);
  await node.sandbox.iam.calls.reached(1);
  release();
  for (const answer of await Promise.all(asking)) leftOf(answer);
  assert.equal(callsFor(node, EMAIL), 1);
});

Deno.test("startDaemon() tells the truth about a token's time when the clock jumps", async () => {
  await using node = await ConformanceNode.start();
  const left = leftOf(await node.get(TOKEN));
  node.time.jump(-2 * 60 * MINUTE);
  assert.ok(leftOf(await node.get(TOKEN)) <= left);
  node.time.jump(26 * 60 * MINUTE);
  assert.ok(leftOf(await node.elapse(node.get(TOKEN))) >= 300);
});

Deno.test("startDaemon() keeps a pod that asks for 2,000 audiences from the others", async () => {
  await using node = await ConformanceNode.start(
    "--iam-calls-per-second=1000",
    "--iam-call-burst=50",
  );
  leftOf(await node.get(TOKEN, { from: B }));
  const audience = `${SA}/default/identity?audience=mine`;
  assert.equal((await node.get(audience, { from: B })).status, 200);
  node.forget();
  const before = node.sandbox.iam.calls.count();
  const flood = Array.from({ length: 20 }, async (_, worker) => {
    for (let index = 0; index < 100; index += 1) {
      const target = `${SA}/default/identity?audience=${worker}-${index}`;
      const [answer] = await node.exchange(
        write(target, { add: ["Connection: close"] }),
        { methods: ["GET"] },
      );
      assert.ok([200, 503].includes(answer?.status ?? 0));
    }
  });
  let isOver = false;
  const flooding = Promise.all(flood).finally(() => isOver = true);
  while (!isOver) {
    const answers = await node.elapse(
      Promise.all([
        node.get(TOKEN, { from: B }),
        node.get(audience, { from: B }),
      ]),
    );
    for (const { status } of answers) assert.equal(status, 200);
  }
  await flooding;
  assert.equal(callsFor(node, OTHER_EMAIL), 0, "nothing of B was evicted");
  assert.ok(node.sandbox.iam.calls.count() > before);
  const [, tokens = ""] = /\nsaassigner_tokens (\d+)\n/.exec(
    await node.metrics(),
  ) ?? [];
  assert.ok(Number(tokens) <= 32 + BASE_TOKENS + 2, tokens);
});

/** Asks on one connection, which is kept. */
class KeptConnection implements Disposable {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  readonly sockets = new Set<unknown>();

  constructor(port: number) {
    this.#port = port;
  }

  ask(): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const request = http.get({
        agent: this.#agent,
        host: "127.0.0.1",
        port: this.#port,
        localAddress: A,
        path: TOKEN,
        headers: { "Metadata-Flavor": "Google" },
      }, (incoming) => {
        let body = "";
        this.sockets.add(incoming.socket.localPort);
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => body += chunk);
        incoming.on(
          "end",
          () => resolve({ status: incoming.statusCode ?? 0, body }),
        );
      });
      request.on("error", reject);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

Deno.test("startDaemon() decides anew on an open connection, and forgets what nobody may have", async () => {
  await using node = await ConformanceNode.start();
  using connection = new KeptConnection(node.port);
  const { iam, kubernetes: { cluster }, nodeAccount } = node.sandbox;
  iam.accounts.add(ALONE);
  iam.accounts.grant(ALONE, nodeAccount);
  const pod = {
    resource: "pods",
    namespace: "default",
    name: "pod-5",
  } as const;
  const first = await connection.ask();
  assert.equal(first.status, 200);
  await untilTokens(node, 2);
  cluster.patch(pod, {
    metadata: { annotations: { [ACCOUNT_KEY]: ALONE } },
  });
  let next = await connection.ask();
  while (next.body.includes(JSON.parse(first.body).access_token)) {
    next = await connection.ask();
  }
  const token = JSON.parse(next.body).access_token;
  assert.equal(iam.describe(token)?.account, ALONE);
  // That of the warm-up, and the new one; the old one went with its last holder.
  await untilTokens(node, 2);
  cluster.patch(pod, {
    metadata: { annotations: { [ACCOUNT_KEY]: "nobody" } },
  });
  while ((await connection.ask()).status === 200);
  assert.equal((await connection.ask()).status, 403);
  await untilTokens(node, 1);
  assert.equal(connection.sockets.size, 1);
});

Deno.test("startDaemon() remembers a refusal for ten seconds, and tells operators what to do", async () => {
  await using node = await ConformanceNode.start();
  const { iam, nodeAccount } = node.sandbox;
  iam.accounts.revoke(EMAIL, nodeAccount);
  for (let count = 0; count < 5; count += 1) {
    assert.equal((await node.get(TOKEN)).status, 403);
  }
  assert.equal(callsFor(node, EMAIL), 1);
  const fix =
    `gcloud iam service-accounts add-iam-policy-binding ${EMAIL} --member=serviceAccount:${nodeAccount} --role=roles/iam.serviceAccountTokenCreator`;
  assert.ok(node.lines.some(({ fields }) => fields["fix"] === fix));
  iam.accounts.grant(EMAIL, nodeAccount);
  node.time.advance(9_999);
  assert.equal((await node.get(TOKEN)).status, 403);
  node.time.advance(1);
  leftOf(await node.get(TOKEN));
});

Deno.test("startDaemon() blames the node, not the account, where that is at fault", async () => {
  await using node = await ConformanceNode.start();
  node.sandbox.iam.setApi("disabled");
  const answer = await node.get(TOKEN);
  assert.equal(answer.status, 503);
  const { reason, error_description: description } = JSON.parse(answer.body);
  assert.equal(reason, "node-credentials");
  assert.match(description, /API is not enabled/);
});

Deno.test("startDaemon() tries again where IAM failed once", async (t) => {
  const faults = [
    { kind: "status", status: 500 },
    { kind: "status", status: 429, headers: { "Retry-After": "2" } },
    { kind: "html", status: 502 },
    { kind: "garbage" },
    { kind: "cut" },
    { kind: "reset" },
    { kind: "delay", ms: 60_000 },
  ] as const;
  for (const fault of faults) {
    await t.step(JSON.stringify(fault), async () => {
      await using node = await ConformanceNode.start();
      node.sandbox.iam.faults.add(fault, { times: 1 });
      const quiet = node.time.sleeping;
      const asking = node.get(TOKEN);
      await Promise.race([asking, node.time.asleep(quiet + 1)]);
      await node.sandbox.iam.calls.reached(1);
      const isBusy = (): boolean => node.isIamBusy(1);
      const failedAtMs = node.time.now();
      leftOf(await node.elapse(asking, { isBusy }));
      assert.equal(node.iamCalls.length, 2);
      const waitedMs = node.time.now() - failedAtMs;
      if ("headers" in fault) assert.ok(waitedMs >= 2_000, `${waitedMs} ms`);
    });
  }
});
