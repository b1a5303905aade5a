import { once } from "node:events";
import { connect } from "node:net";
import tls from "node:tls";
import type { Connection } from "../../src/kubernetes/connection.ts";
import { connectByKubeconfig } from "../../src/kubernetes/kubeconfig_connection.ts";
import type { Certificates } from "./certificates.ts";

/** A server in front of a plain one, with a connection to it that trusts its authority. */
export interface Front extends AsyncDisposable {
  readonly connection: Connection;
}

/**
 * Opens a TLS server in front of an emulated API server.
 *
 * By HTTP/1.1 it passes on bytes, a broken connection included; by HTTP/2 it passes on
 * each request, and resets the stream where the answer breaks.
 */
export async function openFront(
  protocol: "http/1.1" | "http/1.1 byte by byte" | "h2",
  target: string,
  certificates: Certificates,
): Promise<Front> {
  await using stack = new AsyncDisposableStack();
  const port = protocol === "h2"
    ? serveHttp2(target, certificates, stack)
    : await passBytes(target, certificates, {
      stack,
      drips: protocol === "http/1.1 byte by byte",
    });
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, kubeconfig(port, certificates.ca));
    const connection = connectByKubeconfig({
      file,
      insecure: false,
    });
    // The file is read once; what it says of certificates is in it.
    await connection.access();
    const moved = stack.move();
    return {
      connection,
      [Symbol.asyncDispose]: () => moved.disposeAsync(),
    };
  } finally {
    await Deno.remove(file);
  }
}

async function passBytes(
  target: string,
  { server: { cert, key } }: Certificates,
  { stack, drips }: {
    readonly stack: AsyncDisposableStack;
    /** Whether each byte of an answer goes out in a record of its own. */
    readonly drips: boolean;
  },
): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  const server = tls.createServer(
    { cert, key, ALPNProtocols: ["http/1.1"] },
    (near) => {
      const far = connect({
        host: "127.0.0.1",
        port: Number(new URL(target).port),
      });
      for (const [one, other] of [[near, far], [far, near]] as const) {
        sockets.add(one);
        if (drips && one === far) {
          one.on("data", (chunk: Uint8Array) => {
            for (const byte of chunk) near.write(Uint8Array.of(byte));
          });
          one.on("end", () => near.end());
        } else one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
      }
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("port");
  return address.port;
}

function serveHttp2(
  target: string,
  { server: { cert, key } }: Certificates,
  stack: AsyncDisposableStack,
): number {
  const client = stack.use(Deno.createHttpClient({}));
  const ending = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert,
    key,
    onListen: () => {},
    onError: () => new Response(null, { status: 502 }),
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = await fetch(target + pathname + search, {
      headers: request.headers,
      signal: AbortSignal.any([request.signal, ending.signal]),
      client,
    });
    return new Response(answer.body, answer);
  });
  stack.defer(async () => {
    ending.abort();
    await server.shutdown();
  });
  return server.addr.port;
}

function kubeconfig(port: number, ca: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{
      name: "k",
      cluster: {
        server: `https://127.0.0.1:${port}`,
        "certificate-authority-data": btoa(ca),
      },
    }],
    contexts: [{ name: "c", context: { cluster: "k" } }],
  });
}
