/** A server on loopback that gives everybody the same answer. */
export interface TextServer extends AsyncDisposable {
  readonly url: string;
  /** Headers of the requests so far, oldest first. */
  readonly received: readonly Headers[];
}

/** Starts a server with one answer; over TLS if it is given a certificate and its key. */
export function serveText(
  status: number,
  body: string | ((headers: Headers) => string),
  certificate?: { readonly cert: string; readonly key: string },
): TextServer {
  const received: Headers[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...certificate,
  }, ({ headers }) => {
    received.push(headers);
    return new Response(typeof body === "string" ? body : body(headers), {
      status,
    });
  });
  const scheme = certificate === undefined ? "http" : "https";
  return {
    url: `${scheme}://127.0.0.1:${server.addr.port}`,
    received,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
