import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import http, { type RequestListener } from "node:http";
import https from "node:https";
import type { Access } from "../../src/kubernetes/connection.ts";
import { Transport } from "../../src/kubernetes/transport.ts";
import { failureOf } from "./api_setup.ts";
import { given, makeCertificates } from "./certificates.ts";
import { serveText } from "./text_server.ts";

const PLAIN: Access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};
const never = new AbortController().signal;
const certificates = await makeCertificates();
const ignore = certificates === undefined;

Deno.test("Transport.send() speaks plain http", async () => {
  await using server = serveText(404, "gone");
  using transport = new Transport();
  for (const insecure of [false, true]) {
    const { status, body } = await transport.send({
      url: server.url,
      headers: { "X-Probe": "1" },
      signal: never,
    }, { ...PLAIN, insecure });
    assert.equal(status, 404);
    assert.equal(await textOf(body), "gone");
  }
  assert.equal(server.received[0]?.get("x-probe"), "1");
});

Deno.test("Transport.send() sends a method and a body", async () => {
  await using server = await serveHttp(http.createServer(echo));
  using transport = new Transport();
  const { body } = await transport.send({
    method: "PATCH",
    url: server.url,
    headers: { "Content-Type": "application/json" },
    body: "é",
    signal: never,
  }, PLAIN);
  assert.equal(await textOf(body), "PATCH application/json é");
});

Deno.test({
  name: "Transport.send() trusts the given authority, and no other server",
  ignore,
  fn: async () => {
    const { ca, server: own } = given(certificates);
    await using server = serveText(200, "pods", own);
    using transport = new Transport();
    const request = { url: server.url, headers: {}, signal: never };
    const { status, body } = await transport.send(request, { ...PLAIN, ca });
    assert.equal(status, 200);
    assert.equal(await textOf(body), "pods");
    assert.match(
      await failureOf(transport.send(request, PLAIN)),
      /certificate/i,
    );
    const other = given(await makeCertificates());
    assert.match(
      await failureOf(transport.send(request, { ...PLAIN, ca: other.ca })),
      /certificate/i,
    );
    assert.equal(server.received.length, 1);
  },
});

Deno.test({
  name: "Transport.send() lets a stream go on when the authority changes",
  ignore,
  fn: async () => {
    const { ca, server: own } = given(certificates);
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...own },
      ({ url }) =>
        new Response(
          ReadableStream.from((async function* (): AsyncGenerator<Uint8Array> {
            yield new TextEncoder().encode("a");
            if (url.endsWith("/watch")) await promise;
            yield new TextEncoder().encode("b");
          })()),
        ),
    );
    const url = `https://127.0.0.1:${server.addr.port}`;
    using transport = new Transport();
    const watch = await transport.send(
      { url: `${url}/watch`, headers: {}, signal: never },
      { ...PLAIN, ca },
    );
    const rotated = given(await makeCertificates()).ca + ca;
    const list = await transport.send(
      { url: `${url}/list`, headers: {}, signal: never },
      { ...PLAIN, ca: rotated },
    );
    assert.equal(await textOf(list.body), "ab");
    resolve();
    assert.equal(await textOf(watch.body), "ab");
  },
});

Deno.test({
  name: "Transport.send() does not verify when told so",
  ignore,
  fn: async (t) => {
    const { server: own } = given(certificates);
    using transport = new Transport();
    const access = { ...PLAIN, insecure: true };

    await t.step("answers", async () => {
      await using server = serveText(403, "no", own);
      const { status, body } = await transport.send({
        url: server.url,
        headers: { "X-Probe": "1", "Connection": "close" },
        signal: never,
      }, access);
      assert.equal(status, 403);
      assert.equal(await textOf(body), "no");
      assert.equal(server.received[0]?.get("x-probe"), "1");
    });

    await t.step("a method and a body", async () => {
      await using server = await serveHttps(own, echo);
      const { body } = await transport.send({
        method: "POST",
        url: server.url,
        headers: { "Content-Type": "application/json" },
        body: "é",
        signal: never,
      }, access);
      assert.equal(await textOf(body), "POST application/json é");
    });

    await t.step("a body that is cut off", async () => {
      await using server = await serveHttps(own, (_, response) => {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("half", () => response.destroy());
      });
      const { body } = await transport.send(
        { url: server.url, headers: {}, signal: never },
        access,
      );
      await assert.rejects(textOf(body));
    });

    await t.step("the signal before the answer", async () => {
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      await using server = await serveHttps(own, () => resolve());
      const leaving = new AbortController();
      const sending = transport.send(
        { url: server.url, headers: {}, signal: leaving.signal },
        access,
      );
      await asked;
      leaving.abort();
      await assert.rejects(sending);
    });

    await t.step("the signal in the middle of the body", async () => {
      await using server = await serveHttps(own, (_, response) => {
        response.writeHead(200);
        response.write("first");
      });
      const leaving = new AbortController();
      const { body } = await transport.send(
        { url: server.url, headers: {}, signal: leaving.signal },
        access,
      );
      const chunks = body[Symbol.asyncIterator]();
      assert.equal(
        new TextDecoder().decode((await chunks.next()).value),
        "first",
      );
      const next = chunks.next();
      leaving.abort();
      await assert.rejects(next);
    });
  },
});

Deno.test({
  name: "Transport.send() shows its client certificate",
  ignore,
  fn: async (t) => {
    const { ca, server: own, client } = given(certificates);
    for (const insecure of [false, true]) {
      await t.step(`insecure ${insecure}`, async () => {
        await using server = await serveHttps(
          { ...own, ca, requestCert: true, rejectUnauthorized: true },
          (_, response) => response.end("let in"),
        );
        using transport = new Transport();
        const request = {
          url: server.url,
          headers: { "Connection": "close" },
          signal: never,
        };
        const access = { ...PLAIN, ca, insecure };
        const { status, body } = await transport.send(request, {
          ...access,
          certificate: client,
        });
        assert.equal(status, 200);
        assert.equal(await textOf(body), "let in");
        await assert.rejects(
          transport.send(request, access).then(({ body }) => textOf(body)),
        );
      });
    }
  },
});

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(
    new Uint8Array(
      (await Array.fromAsync(body)).flatMap((chunk) => [...chunk]),
    ),
  );
}

/** Tells what was sent. */
const echo: RequestListener = async (request, response) => {
  const text = Buffer.concat(await Array.fromAsync(request)).toString();
  const type = request.headers["content-type"];
  response.end(`${request.method} ${type} ${text}`);
};

function serveHttps(
  options: https.ServerOptions,
  answer: RequestListener,
): Promise<LoopbackServer> {
  return serveHttp(https.createServer(options, answer));
}

interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
}

async function serveHttp(
  server: http.Server | https.Server,
): Promise<LoopbackServer> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return {
    url: `${
      server instanceof https.Server ? "https" : "http"
    }://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}
