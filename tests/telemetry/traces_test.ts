import assert from "node:assert/strict";
import type { OtlpSpan } from "../../src/sandbox/otlp/decode_spans.ts";
import { podObject } from "../../src/sandbox/kubernetes/objects.ts";
import { SANDBOX_NODE } from "../../src/sandbox/sandbox_pods.ts";
import { TracedDaemon } from "./traced_daemon.ts";

const TOKEN = "instance/service-accounts/default/token";
const SHELL = "127.0.0.1";
const INVOICES = "127.0.0.11";
const PLAIN = "127.0.0.12";
const LATE = "127.0.0.77";
const APP = "app@demo-proj.iam.gserviceaccount.com";
const ADMIN = "admin@demo-proj.iam.gserviceaccount.com";
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const AUDIENCE = "https://secret-audience.example";

/** Writes a trace as indented names, with what the test is about. */
function shapeOf(spans: readonly OtlpSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const lines: string[] = [];
  const write = (parent: string, depth: number): void => {
    const children = spans
      .filter(({ parentSpanId }) =>
        parent === "" ? !ids.has(parentSpanId) : parentSpanId === parent
      )
      .toSorted((one, other) => one.startMs - other.startMs);
    for (const { name, spanId, attributes, events, isError } of children) {
      const facts = [
        attributes["saassigner.cache"],
        attributes["saassigner.waited"] && "waited",
        attributes["saassigner.decision"],
        attributes["saassigner.reason"],
        ...events,
        isError ? "ERROR" : undefined,
      ].filter((fact) => fact !== undefined);
      lines.push(`${"  ".repeat(depth)}${[name, ...facts].join(" ")}`);
      write(spanId, depth + 1);
    }
  };
  write("", 0);
  return lines;
}

interface Scene {
  readonly name: string;
  readonly shape: readonly string[];
}

const ACCOUNTS = "/computeMetadata/v1/instance/service-accounts/{account}";
const SCENES: readonly Scene[] = [
  {
    name: "cold",
    shape: [
      `GET ${ACCOUNTS}/token allow`,
      "  identify",
      "  decide",
      "  mint miss",
      "    iam attempt",
      "      upstream",
      "      POST",
    ],
  },
  {
    name: "warm",
    shape: [
      `GET ${ACCOUNTS}/token allow`,
      "  identify",
      "  decide",
      "  mint hit",
    ],
  },
  {
    name: "without a token",
    shape: [`GET ${ACCOUNTS}/email allow`, "  identify", "  decide"],
  },
  {
    name: "the first of two",
    shape: [
      `GET ${ACCOUNTS}/token allow`,
      "  identify",
      "  decide",
      "  mint miss",
      "    iam attempt",
      "      POST",
    ],
  },
  {
    name: "the second of two",
    shape: [
      `GET ${ACCOUNTS}/token allow`,
      "  identify",
      "  decide",
      "  mint join",
    ],
  },
  {
    name: "denied",
    shape: [
      `GET ${ACCOUNTS}/token deny no-account`,
      "  identify",
      "  decide",
    ],
  },
  {
    name: "proxied",
    shape: [
      "GET /computeMetadata/v1/{path}",
      "  identify",
      "  upstream",
    ],
  },
  {
    name: "an ID token",
    shape: [
      `GET ${ACCOUNTS}/identity allow`,
      "  identify",
      "  decide",
      "  mint miss",
      "    iam attempt",
      "      POST",
    ],
  },
  {
    name: "waited for",
    shape: [
      `GET ${ACCOUNTS}/token allow`,
      "  identify waited",
      "  decide",
      "  mint miss",
      "    iam attempt",
      "      POST",
    ],
  },
  {
    name: "IAM down",
    shape: [
      `GET ${ACCOUNTS}/token allow iam-unavailable ERROR`,
      "  identify",
      "  decide",
      "  mint miss ERROR",
      "    iam attempt attempt attempt attempt ERROR",
      ...Array.from({ length: 4 }, () => "      POST ERROR"),
    ],
  },
];

/** Makes every scene happen, in order. */
async function play(daemon: TracedDaemon): Promise<readonly string[]> {
  const { sandbox } = daemon;
  const ask = async (from: string, path: string): Promise<string> => {
    const { body } = await daemon.ask({ from, path });
    return body;
  };
  const email = "instance/service-accounts/default/email";
  const tokens = [await ask(SHELL, TOKEN), await ask(SHELL, TOKEN)];
  await daemon.ask({
    from: SHELL,
    path: email,
    headers: { "Metadata-Flavor": "Google", traceparent: TRACEPARENT },
  });
  const release = sandbox.iam.faults.hold();
  const first = ask(INVOICES, TOKEN);
  await sandbox.iam.calls.reached(2);
  const second = ask(INVOICES, TOKEN);
  await daemon.metric('saassigner_token_cache_total{outcome="join"}', 1);
  release();
  tokens.push(await first, await second);
  await ask(PLAIN, TOKEN);
  await ask(SHELL, "instance/machine-type");
  const query = `?audience=${encodeURIComponent(AUDIENCE)}`;
  tokens.push(await ask(SHELL, email.replace("email", "identity") + query));
  const waiting = ask(LATE, TOKEN);
  await daemon.metric("saassigner_parked_requests", 1);
  sandbox.kubernetes.cluster.create(podObject({
    name: "late",
    podIP: LATE,
    nodeName: SANDBOX_NODE,
    annotations: { "accounts.google.com/service-account": ADMIN },
  }));
  tokens.push(await waiting);
  await sandbox.iam.stop();
  await ask(INVOICES, `${TOKEN}?scopes=userinfo.email`);
  return tokens.map((text) =>
    text.startsWith("{") ? JSON.parse(text).access_token : text
  );
}

Deno.test("the daemon traces each request, and tells no secret", async (t) => {
  await using daemon = await TracedDaemon.start(
    "--namespace-restrictions=false",
  );
  await daemon.ready();
  const tokens = await play(daemon);
  const metrics = await daemon.metricsText();
  await daemon.stop();

  const { receiver, sandbox, lines } = daemon;
  const spans = receiver.spans.entries;
  const requests = spans
    .filter(({ attributes }) => attributes["http.route"] !== undefined)
    .toSorted((one, other) => one.startMs - other.startMs);
  const traceOf = (span: OtlpSpan | undefined): readonly OtlpSpan[] =>
    spans.filter(({ traceId }) => traceId === span?.traceId);
  for (const [index, { name, shape }] of SCENES.entries()) {
    await t.step(name, () => {
      assert.deepEqual(shapeOf(traceOf(requests[index])), shape);
    });
  }
  assert.equal(requests.length, SCENES.length);
  const [cold, , linked, one, other] = requests;
  await t.step("who asked and what was decided", () => {
    const attributes = cold?.attributes ?? {};
    assert.equal(attributes["k8s.namespace.name"], "default");
    assert.equal(attributes["k8s.pod.name"], "debug-shell");
    assert.equal(attributes["saassigner.account"], APP);
    assert.equal(attributes["saassigner.scopes.count"], "1");
    assert.equal(attributes["http.route"], `${ACCOUNTS}/token`);
    assert.equal(attributes["url.query"], "");
  });
  await t.step("a pod's own trace is linked to, and never the parent", () => {
    assert.deepEqual(linked?.links, ["b7ad6b7169203331"]);
    assert.equal(linked?.parentSpanId, "");
    assert.notEqual(linked?.traceId, TRACEPARENT.split("-")[1]);
  });
  await t.step(
    "those who wait for one token point to its minting, and back",
    () => {
      const iam = traceOf(one).find(({ name }) => name === "iam");
      const mint = traceOf(other).find(({ name }) => name === "mint");
      assert.deepEqual(mint?.links, [iam?.spanId]);
      assert.deepEqual(iam?.links, [mint?.spanId]);
    },
  );
  await t.step("lists of the API server have traces of their own", () => {
    assert.ok(
      spans.some(({ name, parentSpanId }) =>
        name === "list" && parentSpanId === ""
      ),
    );
  });
  await t.step("metrics are exported under names without units", () => {
    for (const name of ["requests", "request_duration", "pods", "tokens"]) {
      assert.ok(receiver.metricNames.has(`saassigner.${name}`), name);
    }
  });
  const audit = lines.filter((line) => line.includes('"Token '));
  await t.step("the log names the trace", () => {
    const ids = new Set(requests.map(({ traceId }) => traceId));
    const answered = lines.filter((line) => /"(Answered|Refused)"/.test(line));
    assert.equal(answered.length, SCENES.length);
    for (const line of answered) assert.ok(ids.has(JSON.parse(line).traceId));
  });
  await t.step("the audit log tells who got which token", async () => {
    assert.equal(audit.length, 8);
    const [first = ""] = audit;
    const { tokenHash, uid, traceId, time, ...facts } = JSON.parse(first);
    assert.deepEqual(facts, {
      level: "info",
      message: "Token granted",
      kind: "access-token",
      address: SHELL,
      namespace: "default",
      pod: "debug-shell",
      serviceAccount: "default",
      account: APP,
      scopes: "https://www.googleapis.com/auth/cloud-platform",
      status: 200,
    });
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(tokens[0]),
    );
    assert.equal(tokenHash, new Uint8Array(digest).toHex().slice(0, 16));
    assert.ok(uid && traceId === cold?.traceId && time);
    assert.ok(audit.some((line) => line.includes(`"audience":"${AUDIENCE}"`)));
    assert.equal(
      audit.filter((line) => line.includes("Token refused")).length,
      2,
    );
  });
  await t.step("no secret in any span, metric or line", () => {
    const secrets = [
      ...tokens,
      ...sandbox.iam.tokens,
      ...sandbox.metadata.secrets,
    ].filter((secret) => secret.length > 20);
    assert.ok(secrets.length > 10);
    const written = [...receiver.bodies, metrics, ...lines];
    for (const text of written) {
      for (const secret of secrets) assert.ok(!text.includes(secret));
      if (!audit.includes(text)) assert.ok(!text.includes("secret-audience"));
    }
  });
});

Deno.test("a collector that is down or hangs delays neither answers nor the exit", async (t) => {
  using hanging = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = hanging.addr as Deno.NetAddr;
  const cases = [
    { name: "down", endpoint: "http://127.0.0.1:1" },
    { name: "hangs", endpoint: `http://127.0.0.1:${port}` },
  ];
  for (const { name, endpoint } of cases) {
    await t.step(name, async () => {
      await using daemon = await TracedDaemon.start(`@${endpoint}`);
      await daemon.ready();
      const startedMs = performance.now();
      for (let count = 0; count < 20; count++) {
        const { status } = await daemon.ask({ from: SHELL, path: TOKEN });
        assert.equal(status, 200);
      }
      assert.ok(performance.now() - startedMs < 2_000);
      assert.ok(await daemon.stop() < 2_000);
    });
  }
});
