// Reads a body that never ends, lets the garbage collector run, aborts, and
// prints whether the read ended. Run with --v8-flags=--expose-gc.
import { Transport } from "../../src/kubernetes/transport.ts";

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  (request) =>
    request.url.endsWith("/endless")
      ? new Response(
        new ReadableStream({
          start: (body) => body.enqueue(new Uint8Array(1)),
        }),
      )
      : new Response("done"),
);
const url = `http://127.0.0.1:${server.addr.port}`;
const access = {
  headers: {},
  ca: undefined,
  certificate: undefined,
  insecure: false,
};
const transport = new Transport();
const ending = new AbortController();
const collectGarbage: unknown = Reflect.get(globalThis, "gc");
let outcome = "still reading";

async function openEndless(): Promise<AsyncIterable<Uint8Array>> {
  const request = { url: `${url}/endless`, headers: {}, signal: ending.signal };
  return (await transport.send(request, access)).body;
}

async function readOn(body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of body);
    outcome = "ended";
  } catch {
    outcome = "aborted";
  }
}

/** Lets everything that is due happen: whole requests take many turns of the event loop. */
async function settle(): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    if (typeof collectGarbage === "function") collectGarbage();
    await (await fetch(url)).text();
  }
}

readOn(await openEndless());
await settle();
ending.abort();
await settle();
Deno.stdout.writeSync(new TextEncoder().encode(outcome));
Deno.exit();
