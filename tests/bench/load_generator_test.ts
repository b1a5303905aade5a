import assert from "node:assert/strict";
import { createLoadGenerator } from "./load_generator.ts";
import type { Load } from "./load.ts";

/** What a server saw. */
interface Seen {
  readonly peers: Set<string>;
  readonly connections: Set<string>;
  requests: number;
}

/** Serves a load, and tells what came. */
async function serve(
  answer: (request: Request) => Response,
  ask: (port: number) => Promise<void>,
): Promise<Seen> {
  const seen: Seen = { peers: new Set(), connections: new Set(), requests: 0 };
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request, { remoteAddr: { hostname, port } }) => {
    seen.peers.add(hostname);
    seen.connections.add(`${hostname} ${port}`);
    seen.requests += 1;
    return answer(request);
  });
  await ask(server.addr.port);
  return seen;
}

const loadOf = (port: number): Load => ({
  port,
  path: "/a?b",
  headers: { "Metadata-Flavor": "Google" },
  connections: 4,
  seconds: 0.1,
  isKeptAlive: true,
  status: 200,
});
const ok = (request: Request): Response =>
  new URL(request.url).pathname === "/a" &&
    request.headers.get("Metadata-Flavor") === "Google"
    ? new Response("fine")
    : new Response("no", { status: 400 });

Deno.test("load generator: kept connections from the addresses in turn", async () => {
  const generator = createLoadGenerator(["127.1.0.1", "127.1.0.2"]);
  const seen = await serve(ok, async (port) => {
    const result = await generator.run(loadOf(port));
    assert.ok(result.requests > 4, `${result.requests} requests`);
    assert.ok(result.p50Ms > 0 && result.p50Ms <= result.p99Ms);
    assert.ok(result.requestsPerSecond > 0);
  });
  assert.deepEqual([...seen.peers].sort(), ["127.1.0.1", "127.1.0.2"]);
  assert.equal(seen.connections.size, 4);
});

Deno.test("load generator: a connection for each request", async () => {
  const seen = await serve(ok, async (port) => {
    const load = { ...loadOf(port), isKeptAlive: false };
    await createLoadGenerator().run(load);
  });
  assert.ok(seen.requests > 4);
  assert.equal(seen.connections.size, seen.requests);
});

Deno.test("load generator: another status is an error", async () => {
  let answers = 0;
  await serve(
    () => new Response("no", { status: (answers += 1) > 5 ? 503 : 200 }),
    async (port) => {
      await assert.rejects(
        createLoadGenerator().run(loadOf(port)),
        /No answer of 200: HTTP\/1.1 503/,
      );
    },
  );
});

Deno.test("load generator: a server that hangs up is an error", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1_024));
      await connection.write(
        new TextEncoder().encode(
          "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
        ),
      );
      connection.close();
    }
  })();
  await assert.rejects(
    createLoadGenerator().run(loadOf(listener.addr.port)),
    /ended without an answer/,
  );
  listener.close();
  await closing;
});
