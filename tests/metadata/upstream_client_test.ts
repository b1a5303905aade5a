import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { UpstreamError } from "../../src/core/upstream.ts";
import { startGoogleSide } from "../google/google_side.ts";
import { startScriptedServer } from "../google/scripted_server.ts";
import { connectUpstream } from "../google/upstream.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

const path = "/computeMetadata/v1/project/project-id";
/** A whole answer, after which the connection can be kept. */
const ONE_BYTE = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";

/** Awaits the failure of a question, which must be an {@linkcode UpstreamError}. */
async function failureOf(work: Promise<unknown>): Promise<UpstreamError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
  assert.fail("no failure");
}

Deno.test("UpstreamClient.ask() returns status, type, entity tag and body as they are", async (t) => {
  const cases = [
    {
      name: "value",
      answer: {
        status: 200,
        headers: { "Content-Type": "application/text", ETag: "0123" },
        body: "größer",
      },
      expected: {
        status: 200,
        contentType: "application/text",
        etag: "0123",
        body: "größer",
      },
    },
    {
      name: "bare",
      answer: { status: 200 },
      expected: {
        status: 200,
        contentType: "application/text",
        etag: undefined,
        body: "",
      },
    },
    {
      name: "redirect, not followed",
      answer: { status: 301, headers: { Location: "http://127.0.0.1:1/" } },
      expected: {
        status: 301,
        contentType: "application/text",
        etag: undefined,
        body: "",
      },
    },
    {
      name: "error",
      answer: { status: 503, headers: { "Content-Type": "x/y" }, body: "no" },
      expected: {
        status: 503,
        contentType: "x/y",
        etag: undefined,
        body: "no",
      },
    },
  ];
  for (const { name, answer, expected } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => answer);
      using client = connectUpstream(server);
      assert.deepEqual(await client.ask({ path }), expected);
    });
  }
});

Deno.test("UpstreamClient.ask() sends a GET with Host and flavor and nothing else", async () => {
  await using server = await startScriptedServer(() => ({ body: "x" }));
  using client = connectUpstream(server);
  await client.ask({ path: "/computeMetadata/v1/a@b/../%2e" });
  const [received] = server.received;
  assert.equal(received?.method, "GET");
  assert.equal(received?.target, "/computeMetadata/v1/a@b/../%2e");
  assert.equal(received?.body, "");
  assert.deepEqual(
    received?.headers.filter(([name]) => name !== "Connection"),
    [["Host", server.address], ["Metadata-Flavor", "Google"]],
  );
});

Deno.test("UpstreamClient.ask() encodes the query so that no value can add to it", async (t) => {
  const cases = [
    { name: "none", query: new Map<string, string>(), sent: "" },
    { name: "flag", query: new Map([["alt", "json"]]), sent: "?alt=json" },
    {
      name: "separators",
      query: new Map([["last_etag", "a&recursive=true#x y\r\nX: 1"]]),
      sent: "?last_etag=a%26recursive%3Dtrue%23x+y%0D%0AX%3A+1",
    },
  ];
  for (const { name, query, sent } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => ({ body: "x" }));
      using client = connectUpstream(server);
      await client.ask({ path, query });
      assert.equal(server.received[0]?.target, path + sent);
    });
  }
});

Deno.test("UpstreamClient.ask() fails when there is no complete answer", async (t) => {
  const cases = [
    { name: "reset", fault: { kind: "reset" } },
    { name: "cut body", fault: { kind: "cut" } },
  ] as const;
  for (const { name, fault } of cases) {
    await t.step(name, async () => {
      await using google = await startGoogleSide();
      google.metadata.faults.add(fault, { times: 1 });
      const error = await failureOf(google.client.ask({ path }));
      assert.equal(
        error.message,
        `Cannot get ${path} from the metadata server`,
      );
      assert.ok(error.cause instanceof Error);
      assert.equal((await google.client.ask({ path })).body, "demo-proj");
    });
  }
  await t.step("refused", async () => {
    await using google = await startGoogleSide();
    await google.metadata.stop();
    await failureOf(google.client.ask({ path }));
    await google.metadata.start();
    assert.equal((await google.client.ask({ path })).body, "demo-proj");
  });
  await t.step("chunks that end too soon", async () => {
    await using server = await startBytesServer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    using client = connectUpstream(server);
    await failureOf(client.ask({ path }));
  });
  await t.step("no HTTP", async () => {
    await using server = await startBytesServer("SSH-2.0-x\r\n\r\n");
    using client = connectUpstream(server);
    await failureOf(client.ask({ path }));
  });
  await t.step("too large", async () => {
    const body = "x".repeat(8 * 1024 * 1024 + 1);
    await using server = await startScriptedServer(() => ({ body }));
    using client = connectUpstream(server);
    const error = await failureOf(client.ask({ path }));
    assert.ok(error.cause instanceof Error);
    assert.match(error.cause.message, /too large/);
  });
});

Deno.test("UpstreamClient.ask() takes a body of the largest size", async () => {
  const body = "x".repeat(8 * 1024 * 1024);
  await using server = await startScriptedServer(() => ({ body }));
  using client = connectUpstream(server);
  assert.equal((await client.ask({ path })).body.length, body.length);
});

Deno.test("UpstreamClient.ask() gives up in time, before the answer and within it", async (t) => {
  const cases = [
    { name: "client's time", text: "", request: { path }, ms: 3_000 },
    {
      name: "request's own",
      text: "",
      request: { path, timeoutMs: 65_000 },
      ms: 65_000,
    },
    {
      name: "half a head",
      text: "HTTP/1.1 200 OK\r\nContent-",
      request: { path },
      ms: 3_000,
    },
    {
      name: "half a body",
      text: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
      request: { path },
      ms: 3_000,
    },
  ];
  for (const { name, text, request, ms } of cases) {
    await t.step(name, async () => {
      const time = new ManualTime();
      const { promise: answered, resolve } = Promise.withResolvers<void>();
      await using server = await startBytesServer(text, {
        stay: true,
        onRequest: resolve,
      });
      using client = connectUpstream(server, time);
      const asking = failureOf(client.ask(request));
      await answered;
      time.advance(ms - 1);
      assert.equal(time.sleeping, 1);
      time.advance(1);
      const { cause } = await asking;
      assert.ok(cause instanceof Error);
      assert.equal(
        cause.message,
        "The metadata server did not answer in time",
      );
      assert.equal(time.sleeping, 0);
    });
  }
});

Deno.test("UpstreamClient.ask() answers while any number of questions wait for a change", async () => {
  await using google = await startGoogleSide();
  const { client, metadata } = google;
  const query = new Map([["wait_for_change", "true"]]);
  const event = "/computeMetadata/v1/instance/maintenance-event";
  const waiting = Array.from(
    { length: 65 },
    () => client.ask({ path: event, query, timeoutMs: 65_000 }),
  );
  await metadata.waits.reached(64);
  assert.equal((await client.ask({ path })).body, "demo-proj");
  metadata.set("instance/maintenance-event", "A");
  await metadata.waits.reached(65);
  metadata.set("instance/maintenance-event", "B");
  await Promise.all(waiting);
});

Deno.test("UpstreamClient.ask() stops the time with the answer", async () => {
  await using server = await startScriptedServer(() => ({ body: "x" }));
  const time = new ManualTime();
  using client = connectUpstream(server, time);
  await client.ask({ path });
  assert.equal(time.sleeping, 0);
});

Deno.test("UpstreamClient.ask() ends with its signal, also one that has fired", async (t) => {
  const reason = new Error("enough");
  await t.step("fires while waiting", async () => {
    await using google = await startGoogleSide();
    const release = google.metadata.faults.hold();
    const stop = new AbortController();
    const asking = google.client.ask({ path }, stop.signal);
    await google.metadata.requests.reached(1);
    stop.abort(reason);
    assert.equal((await failureOf(asking)).cause, reason);
    release();
  });
  await t.step("has fired", async () => {
    await using server = await startScriptedServer(() => undefined);
    using client = connectUpstream(server);
    const asking = client.ask({ path }, AbortSignal.abort(reason));
    assert.equal((await failureOf(asking)).cause, reason);
    assert.equal(server.received.length, 0);
  });
  await t.step("fires after the answer", async () => {
    await using server = await startScriptedServer(() => ({ body: "x" }));
    using client = connectUpstream(server);
    const stop = new AbortController();
    await client.ask({ path }, stop.signal);
    stop.abort(reason);
    assert.equal((await client.ask({ path })).body, "x");
  });
});

Deno.test("UpstreamClient.ask() keeps its connection for the next question, and closes it on disposal", async () => {
  const sockets: Socket[] = [];
  await using server = await startBytesServer(ONE_BYTE, {
    stay: true,
    sockets,
  });
  const client = connectUpstream(server);
  for (let index = 0; index < 3; index++) await client.ask({ path });
  assert.equal(sockets.length, 1);
  const [socket] = sockets;
  const closed = socket === undefined ? undefined : once(socket, "close");
  client[Symbol.dispose]();
  await closed;
});

Deno.test("UpstreamClient.ask() asks once more where a kept connection was closed meanwhile", async () => {
  const sockets: Socket[] = [];
  await using server = await startBytesServer(ONE_BYTE, {
    stay: true,
    sockets,
  });
  using client = connectUpstream(server);
  await client.ask({ path });
  const [socket] = sockets;
  const closed = socket === undefined ? undefined : once(socket, "close");
  socket?.destroy();
  await closed;
  assert.equal((await client.ask({ path })).body, "x");
  assert.equal(sockets.length, 2);
});

Deno.test("UpstreamClient.ask() asks once more where a kept connection ends with the question", async () => {
  const sockets: Socket[] = [];
  let requests = 0;
  await using server = await startBytesServer(
    (index) => index === 1 ? "" : ONE_BYTE,
    {
      stay: true,
      sockets,
      onRequest: () => {
        requests += 1;
        if (requests === 2) sockets[0]?.end();
      },
    },
  );
  using client = connectUpstream(server);
  await client.ask({ path });
  assert.equal((await client.ask({ path })).body, "x");
  assert.deepEqual([requests, sockets.length], [3, 2]);
});

Deno.test("UpstreamClient.ask() does not ask again where part of an answer has arrived", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  const sockets: Socket[] = [];
  let requests = 0;
  await using server = await startBytesServer(
    (index) => index === 0 ? `${head}x` : head,
    {
      stay: true,
      sockets,
      onRequest: () => {
        requests += 1;
        if (requests > 1) sockets.at(-1)?.end();
      },
    },
  );
  using client = connectUpstream(server);
  await client.ask({ path });
  await failureOf(client.ask({ path }));
  assert.deepEqual([requests, sockets.length], [2, 1]);
});

Deno.test("UpstreamClient.ask() takes nothing for an answer that came before the question", async () => {
  const sockets: Socket[] = [];
  await using server = await startBytesServer(ONE_BYTE, {
    stay: true,
    sockets,
  });
  using client = connectUpstream(server);
  await client.ask({ path });
  const [socket] = sockets;
  assert.ok(socket);
  socket.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  // By the time that another one has asked, it has arrived.
  using other = connectUpstream(server);
  await other.ask({ path });
  assert.equal((await client.ask({ path })).status, 200);
  assert.equal(sockets.length, 3);
});

Deno.test("UpstreamClient closes with all that is being asked, and asks nothing any more", async () => {
  const sockets: Socket[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let requests = 0;
  await using server = await startBytesServer(
    (index) => index === 0 ? ONE_BYTE : "",
    {
      stay: true,
      sockets,
      onRequest: () => {
        requests += 1;
        if (requests === 65) resolve();
      },
    },
  );
  const client = connectUpstream(server);
  await client.ask({ path });
  const asking = Array.from(
    { length: 66 },
    () => failureOf(client.ask({ path })),
  );
  await promise;
  client[Symbol.dispose]();
  for (const { cause } of await Promise.all(asking)) {
    assert.match(String(cause), /closed/);
  }
  assert.match(String((await failureOf(client.ask({ path }))).cause), /closed/);
  assert.deepEqual([sockets.length, requests], [64, 65]);
});

Deno.test("UpstreamClient.ask() uses no connection that was idle for half a minute", async () => {
  const sockets: Socket[] = [];
  await using server = await startBytesServer(ONE_BYTE, {
    stay: true,
    sockets,
  });
  const time = new ManualTime();
  using client = connectUpstream(server, time);
  await client.ask({ path });
  time.advance(30_001);
  await client.ask({ path });
  assert.equal(sockets.length, 2);
});

Deno.test("UpstreamClient.ask() opens no more than 64 connections, and ends the wait for one in time", async () => {
  await using google = await startGoogleSide();
  const { metadata, client } = google;
  const release = metadata.faults.hold();
  const asking = Array.from({ length: 66 }, () => client.ask({ path }));
  const stop = new AbortController();
  const stopped = failureOf(client.ask({ path }, stop.signal));
  await metadata.requests.reached(64);
  stop.abort(new Error("enough"));
  assert.match(String((await stopped).cause), /enough/);
  assert.equal(metadata.requests.count(), 64);
  release();
  const answers = await Promise.all(asking);
  assert.ok(answers.every(({ body }) => body === "demo-proj"));
});

Deno.test("UpstreamClient.ask() sends nothing that could end the first line of a request", async (t) => {
  for (const bad of ["/a b", "/a\r\nX: 1", "/ä", "a", ""]) {
    await t.step(JSON.stringify(bad), async () => {
      await using server = await startScriptedServer(() => ({ body: "x" }));
      using client = connectUpstream(server);
      await failureOf(client.ask({ path: bad }));
      assert.equal(server.received.length, 0);
    });
  }
});

Deno.test("UpstreamClient.ask() pays no attention to proxy variables", async () => {
  await using server = await startScriptedServer(() => ({ body: "direct" }));
  const probe = fileURLToPath(new URL("./upstream_probe.ts", import.meta.url));
  const nowhere = "http://127.0.0.1:1";
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-all",
      probe,
      server.address,
      path,
    ],
    env: {
      HTTP_PROXY: nowhere,
      http_proxy: nowhere,
      HTTPS_PROXY: nowhere,
      ALL_PROXY: nowhere,
      NO_PROXY: "",
      no_proxy: "",
      NODE_USE_ENV_PROXY: "1",
      NO_COLOR: "1",
    },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(new TextDecoder().decode(stdout), "direct");
});

interface BytesServer extends AsyncDisposable {
  readonly address: string;
}

/** Starts a server that answers requests with bytes, the same or by their number, HTTP or not. */
async function startBytesServer(
  text: string | ((index: number) => string),
  options: {
    /** Whether the connection stays open after the answer. */
    readonly stay?: boolean;
    /** Takes the connections. */
    readonly sockets?: Socket[];
    /** Told of each request, once it is answered as far as it will be. */
    readonly onRequest?: () => void;
  } = {},
): Promise<BytesServer> {
  const { stay = false, sockets = [], onRequest } = options;
  let count = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", () => {
      const bytes = typeof text === "string" ? text : text(count);
      count += 1;
      if (stay) socket.write(bytes);
      else socket.end(bytes);
      onRequest?.();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) assert.fail("no address");
  return {
    address: `127.0.0.1:${bound.port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
