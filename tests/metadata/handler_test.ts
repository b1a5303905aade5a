import assert from "node:assert/strict";
import { UpstreamError } from "../../src/core/upstream.ts";
import type { MetadataHandlerOptions } from "../../src/metadata/handler.ts";
import { APP, CLOSED, MIDDLE } from "../google/google_side.ts";
import { SA, startPodSide, V1 } from "./pod_side.ts";
import { FLAVOR, HOST, sendText } from "./raw_client.ts";

Deno.test("createMetadataHandler() sends the header block with every status", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { name: "root", target: "/", status: 200, type: "application/text" },
    {
      name: "local value",
      target: `${SA}/default/email`,
      status: 200,
      type: "application/text",
    },
    {
      name: "proxied value",
      target: `${V1}/project/project-id`,
      status: 200,
      type: "application/text",
    },
    {
      name: "token",
      target: `${SA}/default/token`,
      status: 200,
      type: "application/json",
    },
    {
      name: "identity",
      target: `${SA}/default/identity?audience=A`,
      status: 200,
      type: "text/html",
    },
    {
      name: "redirect",
      target: `${V1}/instance`,
      status: 301,
      type: "text/html",
    },
    {
      name: "bad parameter",
      target: `${SA}/default/identity`,
      status: 400,
      type: "text/html",
    },
    {
      name: "refusal",
      target: `${SA}/${CLOSED}/token`,
      status: 404,
      type: "application/json",
    },
    {
      name: "missing",
      target: "/nothing",
      status: 404,
      type: "text/plain; charset=utf-8",
    },
  ];
  for (const { name, target, status, type } of cases) {
    await t.step(name, async () => {
      const headers = [HOST, FLAVOR, "Accept-Encoding: gzip, br"];
      const answer = await side.send({ target, headers });
      assert.equal(answer.status, status);
      assert.equal(answer.header("Content-Type"), type);
      assert.equal(
        answer.header("Server"),
        "k8s-gke-service-account-assigner",
      );
    });
    await t.step(`${name}, HEAD`, async () => {
      const get = await side.get(target);
      const head = await side.send({ method: "HEAD", target });
      assert.equal(head.status, get.status);
      const constant = (line: string): boolean => !/^(date|etag):/i.test(line);
      assert.deepEqual(
        head.lines.filter(constant),
        get.lines.filter(constant),
      );
    });
  }
});

Deno.test("createMetadataHandler() answers the root to anyone, without Host and flavor too", async (t) => {
  await using side = await startPodSide({
    replace: {
      identify: () => {
        throw new Error("the root needs no caller");
      },
    },
  });
  const cases = [
    { name: "HTTP/1.0", version: "HTTP/1.0", headers: [] },
    { name: "no flavor", version: "HTTP/1.1", headers: [HOST] },
    {
      name: "another flavor",
      version: "HTTP/1.1",
      headers: [HOST, "Metadata-Flavor: Other"],
    },
    { name: "usual", version: "HTTP/1.1", headers: [HOST, FLAVOR] },
  ] as const;
  for (const { name, version, headers } of cases) {
    for (
      const target of [
        "/",
        "/?recursive=true&alt=json",
        "/?%zz",
        "/?alt=x&alt=y",
      ]
    ) {
      await t.step(`${name}, ${target}`, async () => {
        const answer = await side.send({ target, version, headers });
        assert.equal(answer.status, 200);
        assert.equal(answer.body, "computeMetadata/\n");
      });
    }
  }
});

Deno.test("createMetadataHandler() refuses by form before it asks who calls", async (t) => {
  await using side = await startPodSide({
    replace: {
      identify: () => {
        throw new Error("nobody may be asked");
      },
    },
  });
  const token = `${SA}/default/token`;
  const cases: readonly {
    readonly name: string;
    readonly method?: string;
    readonly target?: string;
    readonly headers?: readonly string[];
    readonly status: number;
  }[] = [
    { name: "no flavor", headers: [HOST], status: 403 },
    {
      name: "flavor in lower case",
      headers: [HOST, "Metadata-Flavor: google"],
      status: 403,
    },
    { name: "flavor twice", headers: [HOST, FLAVOR, FLAVOR], status: 403 },
    {
      name: "old header",
      headers: [HOST, "X-Google-Metadata-Request: True"],
      status: 403,
    },
    {
      name: "forwarded",
      headers: [HOST, FLAVOR, "X-Forwarded-For: 127.0.0.1"],
      status: 403,
    },
    {
      name: "forwarded, empty",
      headers: [HOST, FLAVOR, "x-forwarded-for:"],
      status: 403,
    },
    {
      name: "forwarded, root",
      target: "/",
      headers: [HOST, FLAVOR, "X-Forwarded-For: 1.2.3.4"],
      status: 403,
    },
    {
      name: "foreign host",
      headers: ["Host: attacker.example", FLAVOR],
      status: 403,
    },
    {
      name: "host that rewrites the path",
      headers: ["Host: metadata/../x?", FLAVOR],
      status: 400,
    },
    { name: "POST", method: "POST", status: 405 },
    { name: "PUT", method: "PUT", status: 405 },
    { name: "OPTIONS", method: "OPTIONS", status: 405 },
    { name: "TRACE", method: "TRACE", status: 405 },
    { name: "lower-case method", method: "get", status: 400 },
    { name: "double slash", target: `/${token}`, status: 404 },
    { name: "dots", target: `${SA}/default/../default/token`, status: 404 },
    { name: "escape", target: token.replace("t", "%74"), status: 404 },
    { name: "parameter", target: `${token};x=1`, status: 404 },
    {
      name: "absolute target of another host",
      target: `http://evil.example${token}`,
      status: 400,
    },
    { name: "very long target", target: `/${"x".repeat(9_000)}`, status: 400 },
    { name: "bad escape in the query", target: `${token}?x=%zz`, status: 400 },
    {
      name: "parameter twice",
      target: `${token}?scopes=a&scopes=b`,
      status: 400,
    },
  ];
  for (
    const { name, method = "GET", target = token, status, ...raw } of cases
  ) {
    await t.step(name, async () => {
      const answer = await side.send({ ...raw, method, target });
      assert.equal(answer.status, status);
      if (status === 405) assert.equal(answer.header("Allow"), "GET, HEAD");
    });
  }
  assert.deepEqual(side.upstreamTargets(), []);
  assert.equal(side.google.iam.calls.count(), 0);
});

Deno.test("createMetadataHandler() accepts the names of the metadata server, configured ones and sidecars' headers", async (t) => {
  await using side = await startPodSide();
  const cases = [
    { name: "dot at the end", headers: ["Host: metadata.google.internal."] },
    { name: "address", headers: ["Host: 169.254.169.254:80"] },
    { name: "configured", headers: ["Host: Metadata.Example:8181"] },
    {
      name: "sidecar",
      headers: [HOST, "X-Real-IP: 10.9.9.9", "Via: 1.1 x", "x-request-id: 1"],
    },
  ];
  for (const { name, headers } of cases) {
    await t.step(name, async () => {
      const answer = await side.send({
        target: `${SA}/default/email`,
        headers: [...headers, FLAVOR],
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.body, APP);
    });
  }
});

Deno.test("createMetadataHandler() answers each of two pipelined requests on its own", async () => {
  await using side = await startPodSide();
  const head = `\r\n${HOST}\r\n${FLAVOR}\r\n`;
  const text = await sendText(
    side.port,
    `GET ${SA}/default/email HTTP/1.1${head}\r\n` +
      `GET ${V1}/instance/attributes/kube-env HTTP/1.1${head}\r\n` +
      `GET ${SA}/default/email HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`,
  );
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), [
    "HTTP/1.1 200",
    "HTTP/1.1 404",
    "HTTP/1.1 403",
  ]);
  assert.equal(text.split("\r\nMetadata-Flavor: Google\r\n").length, 4);
});

Deno.test({
  name: "createMetadataHandler() tells callers apart by their address alone",
  // Elsewhere only 127.0.0.1 is a local address.
  ignore: Deno.build.os !== "linux",
  async fn(): Promise<void> {
    await using side = await startPodSide({
      pods: { "127.0.0.11": { accountAnnotation: MIDDLE, name: "other" } },
    });
    const target = `${SA}/default/email`;
    const claims = [
      HOST,
      FLAVOR,
      "X-Real-IP: 127.0.0.1",
      "Forwarded: for=127.0.0.1",
      "X-Client-IP: 127.0.0.1",
    ];
    const answers = await Promise.all([
      side.send({ target }),
      side.send({ target, from: "127.0.0.11", headers: claims }),
      side.send({ target, from: "127.0.0.12", headers: claims }),
    ]);
    assert.deepEqual(
      answers.map(({ status, body }) => [
        status,
        status === 200 ? body : JSON.parse(body).reason,
      ]),
      [[200, APP], [200, MIDDLE], [503, "unknown-caller"]],
    );
    const other = await side.send({
      target: `${SA}/${APP}/token`,
      from: "127.0.0.11",
    });
    assert.equal(other.status, 404);
    assert.equal(side.google.iam.calls.count(), 0);
  },
});

Deno.test({
  name: "createMetadataHandler() reads an address mapped into IPv6 as it is",
  ignore: Deno.build.os !== "linux",
  async fn(): Promise<void> {
    const asked: string[] = [];
    await using side = await startPodSide({
      hostname: "::",
      replace: {
        health: (address) => {
          asked.push(address);
          return undefined;
        },
      },
    });
    await side.get("/healthz");
    assert.deepEqual(asked, ["127.0.0.1"]);
    assert.equal((await side.get(`${SA}/default/email`)).body, APP);
  },
});

Deno.test("createMetadataHandler() answers whatever goes wrong with 500 or 503 and no detail", async (t) => {
  const secret = new Error("secret detail ya29.x");
  const fail = (): never => {
    throw secret;
  };
  const cases: readonly {
    readonly name: string;
    readonly replace: Partial<MetadataHandlerOptions>;
    readonly target: string;
    readonly status: number;
    readonly reason: string;
  }[] = [
    {
      name: "identify",
      replace: { identify: () => Promise.reject(secret) },
      target: `${SA}/default/email`,
      status: 500,
      reason: "internal-error",
    },
    {
      name: "decide",
      replace: { decide: fail },
      target: `${SA}/default/email`,
      status: 500,
      reason: "internal-error",
    },
    {
      name: "mint",
      replace: { mint: fail },
      target: `${SA}/default/token`,
      status: 500,
      reason: "internal-error",
    },
    {
      name: "hosts",
      replace: { hosts: fail },
      target: "/",
      status: 500,
      reason: "internal-error",
    },
    {
      name: "health",
      replace: { health: fail },
      target: "/healthz",
      status: 500,
      reason: "internal-error",
    },
    {
      name: "upstream",
      replace: {
        askUpstream: () =>
          Promise.reject(new UpstreamError("secret", { cause: secret })),
      },
      target: `${V1}/instance/machine-type`,
      status: 503,
      reason: "upstream-failed",
    },
  ];
  for (const { name, replace, target, status, reason } of cases) {
    await t.step(name, async () => {
      await using side = await startPodSide({ replace });
      const answer = await side.get(target);
      assert.equal(answer.status, status);
      assert.doesNotMatch(answer.body, /secret|ya29/);
      assert.equal(side.exchanges[0]?.answer.reason, reason);
      assert.ok(side.exchanges[0]?.answer.cause instanceof Error);
      assert.equal(side.google.time.sleeping, 0);
    });
  }
});

Deno.test("createMetadataHandler() answers /healthz only to whom it may", async (t) => {
  const health = '{"hostIP":"10.0.0.1","projectId":"demo-proj"}';
  const cases = [
    { name: "own address", body: health, status: 200 },
    { name: "any other", body: undefined, status: 404 },
  ];
  for (const { name, body, status } of cases) {
    await t.step(name, async () => {
      const asked: string[] = [];
      await using side = await startPodSide({
        replace: {
          health: (address) => {
            asked.push(address);
            return body;
          },
        },
      });
      for (const headers of [[HOST], [HOST, FLAVOR], ["Host: 10.0.0.1:8181"]]) {
        const answer = await side.send({ target: "/healthz", headers });
        assert.equal(answer.status, status);
        assert.equal(answer.body, body ?? "Not Found\n");
      }
      assert.deepEqual(asked, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
      for (const target of ["/healthz/", "/readyz", "/metrics", "/debug/"]) {
        assert.equal((await side.get(target)).status, 404);
      }
    });
  }
});

Deno.test("createMetadataHandler() tells of each request what happened", async () => {
  await using side = await startPodSide();
  await side.get(`${SA}/default/token`);
  await side.get(`${SA}/${CLOSED}/token`);
  await side.get("/");
  await side.send({ method: "POST", target: "/x" });
  await side.get(`${V1}/instance/machine-type`);
  assert.deepEqual(
    side.exchanges.map((exchange) => ({
      route: exchange.route.kind,
      method: exchange.method,
      status: exchange.answer.status,
      reason: exchange.answer.reason,
      pod: exchange.caller?.pod.name,
      outcome: exchange.decision?.outcome,
    })),
    [
      {
        route: "entry",
        method: "GET",
        status: 200,
        reason: undefined,
        pod: "debug-shell",
        outcome: "allow",
      },
      {
        route: "entry",
        method: "GET",
        status: 404,
        reason: "account-mismatch",
        pod: "debug-shell",
        outcome: "allow",
      },
      {
        route: "root",
        method: "GET",
        status: 200,
        reason: undefined,
        pod: undefined,
        outcome: undefined,
      },
      {
        route: "none",
        method: "POST",
        status: 405,
        reason: "bad-method",
        pod: undefined,
        outcome: undefined,
      },
      {
        route: "upstream",
        method: "GET",
        status: 200,
        reason: undefined,
        pod: "debug-shell",
        outcome: undefined,
      },
    ],
  );
  for (const { address, durationMs } of side.exchanges) {
    assert.equal(address, "127.0.0.1");
    assert.equal(durationMs, 0);
  }
});

Deno.test("createMetadataHandler() has clients leave only once another daemon has taken over", async () => {
  let isLeaving = false;
  await using side = await startPodSide({
    replace: { isLeaving: () => isLeaving },
  });
  const ask = async (target: string): Promise<string | null> => {
    const answer = await fetch(`http://127.0.0.1:${side.port}${target}`, {
      headers: { "Metadata-Flavor": "Google" },
    });
    await answer.body?.cancel();
    return answer.headers.get("Connection");
  };
  assert.equal(await ask(`${SA}/default/email`), null);
  isLeaving = true;
  assert.equal(await ask(`${SA}/default/email`), "close");
  assert.equal(await ask("/nothing"), "close");
});

Deno.test("createMetadataHandler() asks clients to leave, and changes nothing else of an answer", async () => {
  await using side = await startPodSide({ replace: { isLeaving: () => true } });
  const { lines } = await side.get(`${SA}/default/email`);
  assert.ok(lines.includes("Connection: close"));
  // gRPC compares the name byte for byte.
  assert.ok(lines.includes("Metadata-Flavor: Google"));
});
