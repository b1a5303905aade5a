import assert from "node:assert/strict";
import { podObject } from "../src/sandbox/kubernetes/objects.ts";
import { SANDBOX_NODE } from "../src/sandbox/sandbox_pods.ts";
import {
  accessToken,
  askAsPod,
  type PodAnswer,
  type PodRequest,
  reasonOf,
  TOKEN,
} from "./pod_client.ts";
import { startTestDaemon } from "./test_daemon.ts";

const APP = "app@demo-proj.iam.gserviceaccount.com";
const BILLING = "billing@demo-proj.iam.gserviceaccount.com";
const ACCOUNT_KEY = "accounts.google.com/service-account";
const SHELL = "127.0.0.1";
const INVOICES = "127.0.0.11";
const PLAIN = "127.0.0.12";
const OUTSIDER = "127.0.0.13";
const NEWCOMER = "127.0.0.14";

Deno.test("startDaemon() gives each sandbox pod what its annotations say", async (t) => {
  await using daemon = await startTestDaemon("--namespace-restrictions");
  const { iam } = daemon.sandbox;

  await t.step("a token of its own account", async () => {
    const answer = await daemon.ask({ from: SHELL, path: TOKEN });
    assert.equal(answer.status, 200);
    const { account, scopes } = iam.describe(accessToken(answer)) ?? {};
    assert.equal(account, APP);
    assert.deepEqual(scopes, [
      "https://www.googleapis.com/auth/cloud-platform",
    ]);
  });
  await t.step("another token for another account", async () => {
    const answer = await daemon.ask({ from: INVOICES, path: TOKEN });
    assert.equal(iam.describe(accessToken(answer))?.account, BILLING);
  });
  await t.step("404 without annotation and default", async () => {
    const answer = await daemon.ask({ from: PLAIN, path: TOKEN });
    assert.equal(answer.status, 404);
    assert.equal(reasonOf(answer), "no-account");
  });
  await t.step("a refusal where the namespace does not allow it", async () => {
    const answer = await daemon.ask({ from: OUTSIDER, path: TOKEN });
    assert.equal(answer.status, 403);
    assert.equal(reasonOf(answer), "namespace-denied");
  });
  await t.step("404 for another pod's account", async () => {
    const path = `instance/service-accounts/${BILLING}/token`;
    const answer = await daemon.ask({ from: SHELL, path });
    assert.equal(answer.status, 404);
    assert.equal(reasonOf(answer), "account-mismatch");
  });
});

Deno.test("startDaemon() answers a token as the metadata server would", async () => {
  await using daemon = await startTestDaemon();
  const answer = await daemon.ask({ from: SHELL, path: TOKEN });
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(answer.headers["metadata-flavor"], "Google");
  const fields = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(fields), [
    "access_token",
    "expires_in",
    "token_type",
  ]);
  assert.ok(Number.isInteger(fields.expires_in) && fields.expires_in >= 300);
  assert.equal(fields.token_type, "Bearer");
});

Deno.test("startDaemon() gives the default account to pods without annotation", async () => {
  await using daemon = await startTestDaemon(
    "--default-service-account=default",
  );
  const answer = await daemon.askUntil(
    { from: PLAIN, path: TOKEN },
    ({ status }) => status !== 503,
  );
  const described = daemon.sandbox.iam.describe(accessToken(answer));
  assert.equal(described?.account, daemon.sandbox.nodeAccount);
  const nodeTokens = daemon.sandbox.metadata.tokens;
  assert.ok(!nodeTokens.includes(accessToken(answer)));
});

Deno.test("startDaemon() answers 503 until the default account is known", async () => {
  await using daemon = await startTestDaemon(
    "--default-service-account=default",
    "--metadata-addr=127.0.0.1:1",
  );
  const answer = await daemon.ask({ from: PLAIN, path: TOKEN });
  assert.equal(answer.status, 503);
  assert.equal(reasonOf(answer), "node-credentials");
});

Deno.test("startDaemon() follows pods as they change", async (t) => {
  await using daemon = await startTestDaemon("--backoff-max-elapsed-time=30s");
  const { kubernetes: { cluster }, iam } = daemon.sandbox;
  const pod = {
    resource: "pods",
    namespace: "default",
    name: "newcomer",
  } as const;
  const request = { from: NEWCOMER, path: TOKEN };

  await t.step("created while its first request waits", async () => {
    const waiting = daemon.ask(request);
    cluster.create(podObject({
      name: "newcomer",
      podIP: NEWCOMER,
      nodeName: SANDBOX_NODE,
      annotations: { [ACCOUNT_KEY]: APP },
    }));
    const answer = await waiting;
    assert.equal(iam.describe(accessToken(answer))?.account, APP);
  });
  await t.step("annotated anew", async () => {
    cluster.patch(pod, {
      metadata: { annotations: { [ACCOUNT_KEY]: BILLING } },
    });
    const isBilling = (token: string): boolean =>
      iam.describe(token)?.account === BILLING;
    await daemon.askUntil(request, (answer) => isBilling(accessToken(answer)));
  });
  await t.step("finished, and its address handed to another pod", async () => {
    cluster.patch(pod, { status: { phase: "Succeeded" } });
    cluster.create(podObject({
      name: "successor",
      podIP: NEWCOMER,
      nodeName: SANDBOX_NODE,
      annotations: { [ACCOUNT_KEY]: APP },
    }));
    const isApp = (token: string): boolean =>
      iam.describe(token)?.account === APP;
    await daemon.askUntil(request, (answer) => isApp(accessToken(answer)));
  });
});

Deno.test("startDaemon() refuses a pod that is deleted", async () => {
  await using daemon = await startTestDaemon("--backoff-max-elapsed-time=0");
  await daemon.askUntil(
    { from: INVOICES, path: TOKEN },
    ({ status }) => status === 200,
  );
  daemon.sandbox.kubernetes.cluster.remove({
    resource: "pods",
    namespace: "billing",
    name: "invoices",
  });
  const answer = await daemon.askUntil(
    { from: INVOICES, path: TOKEN },
    ({ status }) => status !== 200,
  );
  assert.equal(answer.status, 503);
  assert.equal(reasonOf(answer), "unknown-caller");
});

Deno.test("startDaemon() never serves an ID token for another audience", async () => {
  await using daemon = await startTestDaemon("--token-prefetch=false");
  const audiences = [
    "https://a.example",
    "https://b.example",
    "https://a.example",
  ];
  for (const audience of audiences) {
    const path = `instance/service-accounts/default/identity?audience=${
      encodeURIComponent(audience)
    }&format=full`;
    const answer = await daemon.ask({ from: SHELL, path });
    assert.equal(answer.headers["content-type"], "text/html");
    const payload = answer.body.split(".")[1] ?? "";
    const claims = JSON.parse(
      atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
    );
    assert.equal(claims.aud, audience);
    assert.equal(claims.email, APP);
  }
  assert.equal(daemon.sandbox.iam.calls.count(), 2);
});

Deno.test("startDaemon() makes one IAM call for 100 simultaneous first requests", async () => {
  await using daemon = await startTestDaemon("--token-prefetch=false");
  const { iam } = daemon.sandbox;
  const release = iam.faults.hold();
  const asking = Array.from(
    { length: 100 },
    () => daemon.ask({ from: SHELL, path: TOKEN }),
  );
  await iam.calls.reached(1);
  release();
  const tokens = new Set((await Promise.all(asking)).map(accessToken));
  assert.equal(tokens.size, 1);
  assert.equal(iam.calls.count(), 1);
});

Deno.test("startDaemon() serves a pod created while the API server's connections were cut", async () => {
  await using daemon = await startTestDaemon("--backoff-max-elapsed-time=30s");
  const { kubernetes, iam } = daemon.sandbox;
  await daemon.ask({ from: SHELL, path: TOKEN });
  kubernetes.faults.resetConnections();
  kubernetes.cluster.create(podObject({
    name: "newcomer",
    podIP: NEWCOMER,
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: APP },
  }));
  const answer = await daemon.ask({ from: NEWCOMER, path: TOKEN });
  assert.equal(iam.describe(accessToken(answer))?.account, APP);
});

Deno.test("startDaemon() listens before anything else is there", async () => {
  await using daemon = await startTestDaemon(
    "--metadata-addr=127.0.0.1:1",
    "--iam-endpoint=http://127.0.0.1:1",
    "--backoff-max-elapsed-time=0",
  );
  await daemon.sandbox.kubernetes.stop();
  const root = await daemon.ask({ from: SHELL, path: "/", headers: {} });
  assert.equal(root.body, "computeMetadata/\n");
  const project = await daemon.ask({ from: SHELL, path: "project/project-id" });
  assert.equal(project.status, 503);
  const token = await daemon.ask({ from: SHELL, path: TOKEN });
  assert.equal(token.status, 503);
});

Deno.test("startDaemon() proxies what it may and conceals the rest", async (t) => {
  await using daemon = await startTestDaemon();
  const { metadata } = daemon.sandbox;
  const ask = (path: string) => daemon.ask({ from: SHELL, path });
  await t.step("a value", async () => {
    assert.equal((await ask("project/project-id")).body, "demo-proj");
    assert.equal((await ask("instance/id")).body, "4520031799277581759");
  });
  await t.step("a value that the real server lacks", async () => {
    assert.equal((await ask("instance/no-such-entry")).status, 404);
  });
  await t.step("nothing concealed, by name or by recursion", async () => {
    assert.equal((await ask("instance/attributes/kube-env")).status, 404);
    const tree = await ask("?recursive=true");
    assert.equal(tree.status, 200);
    assert.ok(tree.body.includes('"id":4520031799277581759'));
    for (const secret of metadata.secrets) {
      assert.ok(!tree.body.includes(secret), secret);
    }
  });
});

Deno.test("startDaemon() sends what it proxies to the next hop if that is enabled", async () => {
  await using other = await startTestDaemon();
  other.sandbox.metadata.set("instance/machine-type", "of the next hop");
  other.sandbox.metadata.set("project/project-id", "next-hop-proj");
  await using daemon = await startTestDaemon(
    "--enable-metadata-proxy",
    `--metadata-proxy-addr=${other.sandbox.metadata.address}`,
  );
  const ask = async (path: string): Promise<string> =>
    (await daemon.ask({ from: SHELL, path })).body;
  assert.equal(await ask("instance/machine-type"), "of the next hop");
  assert.equal(await ask("project/project-id"), "demo-proj");
  assert.equal((await daemon.ask({ from: SHELL, path: TOKEN })).status, 200);
});

Deno.test("startDaemon() tells health only to the machine itself", async (t) => {
  await using daemon = await startTestDaemon("--host-ip=127.0.0.77");
  await daemon.askUntil(
    { from: "127.0.0.99", path: "/healthz", headers: {} },
    ({ body }) => body === '{"hostIP":"127.0.0.77","projectId":"demo-proj"}',
  );
  await t.step("not to a pod, even one with a loopback address", async () => {
    await daemon.ask({ from: SHELL, path: TOKEN });
    const answer = await daemon.ask({ from: SHELL, path: "/healthz" });
    assert.equal(answer.status, 404);
  });
  await t.step("on the admin listener too", async () => {
    const response = await fetch(
      `http://127.0.0.1:${daemon.adminPort}/healthz`,
    );
    assert.deepEqual(await response.json(), {
      hostIP: "127.0.0.77",
      projectId: "demo-proj",
    });
  });
});

Deno.test("startDaemon() logs no token", async () => {
  await using daemon = await startTestDaemon();
  const { iam, metadata, apiToken, personToken } = daemon.sandbox;
  await daemon.ask({ from: SHELL, path: TOKEN });
  await daemon.ask({ from: PLAIN, path: TOKEN });
  const log = JSON.stringify(daemon.lines);
  assert.ok(log.includes("no-account"));
  for (
    const secret of [
      ...iam.tokens,
      ...metadata.tokens,
      apiToken,
      personToken,
    ]
  ) {
    assert.ok(!log.includes(secret));
  }
});

Deno.test("startDaemon() serves in report mode though namespaces cannot be read", async () => {
  await using daemon = await startTestDaemon("--restrictions-mode=report");
  daemon.sandbox.kubernetes.faults.failNext(1_000_000, {
    status: 403,
    when: ({ resource }) => resource === "namespaces",
  });
  const answer = await daemon.askUntil(
    { from: OUTSIDER, path: TOKEN },
    ({ status }) => status !== 503,
  );
  assert.equal(answer.status, 200);
});

Deno.test("startDaemon() stops while a request waits for a change", async () => {
  const waiting = await (async () => {
    await using daemon = await startTestDaemon();
    const path = "instance/machine-type?wait_for_change=true&timeout_sec=50";
    const waiting = daemon.ask({ from: SHELL, path });
    await daemon.sandbox.metadata.waits.reached(1);
    return waiting;
  })();
  assert.equal(waiting.status, 503);
});

Deno.test("startDaemon() touches namespaces only if a restriction mode needs them", async () => {
  await using daemon = await startTestDaemon();
  await daemon.ask({ from: SHELL, path: TOKEN });
  const asked = [...daemon.sandbox.kubernetes.counts.keys()];
  assert.deepEqual(asked.filter((name) => name.includes("namespaces")), []);
});

Deno.test("startDaemon() tells with --debug which pod gets what, and to whom", async (t) => {
  await using daemon = await startTestDaemon(
    "--namespace-restrictions",
    "--debug",
  );
  await daemon.ask({ from: SHELL, path: TOKEN });
  const ask = (request: PodRequest): Promise<PodAnswer> =>
    askAsPod(daemon.adminPort, request);
  await t.step("to loopback", async () => {
    const { body } = await ask({ from: SHELL, path: "/debug/store" });
    const { pods } = JSON.parse(body);
    const outsider = pods.find(({ name }: { name: string }) =>
      name === "outsider"
    );
    assert.equal(outsider.decision.reason, "namespace-denied");
    for (const token of daemon.sandbox.iam.tokens) {
      assert.ok(!body.includes(token));
    }
  });
  await t.step("not under a foreign name", async () => {
    const headers = { "Host": "rebound.example" };
    const answer = await ask({ from: SHELL, path: "/debug/store", headers });
    assert.equal(answer.status, 403);
  });
  await t.step("not on the pod-facing port", async () => {
    const answer = await daemon.ask({ from: SHELL, path: "/debug/store" });
    assert.equal(answer.status, 404);
  });
});

Deno.test("startDaemon() has no debug pages without --debug", async () => {
  await using daemon = await startTestDaemon();
  const answer = await askAsPod(daemon.adminPort, {
    from: SHELL,
    path: "/debug/store",
  });
  assert.equal(answer.status, 404);
});
