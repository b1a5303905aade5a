import assert from "node:assert/strict";
import { connect } from "node:net";
import { parseAnswer, type RawAnswer } from "../sandbox/raw_http.ts";

/** What to send, as bytes of the wire. */
export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly version?: "HTTP/1.0" | "HTTP/1.1";
  /** Header lines; a good Host and flavor if left out. */
  readonly headers?: readonly string[];
  /** Local address to come from. */
  readonly from?: string;
}

export const HOST = "Host: metadata.google.internal";
export const FLAVOR = "Metadata-Flavor: Google";

/** Sends one request over a fresh connection and reads until the server closes. */
export async function request(
  port: number,
  { method = "GET", target, version = "HTTP/1.1", headers, from }: RawRequest,
): Promise<RawAnswer> {
  const lines = [...headers ?? [HOST, FLAVOR], "Connection: close"];
  const head = [`${method} ${target} ${version}`, ...lines].join("\r\n");
  return parseAnswer(await sendText(port, `${head}\r\n\r\n`, { from }));
}

/** Sends bytes as they are, and returns all that comes back. */
export function sendText(
  port: number,
  text: string,
  options: { readonly from?: string | undefined } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { from } = options;
  const socket = connect({
    host: "127.0.0.1",
    port,
    ...(from === undefined ? {} : { localAddress: from }),
  }, () => socket.write(text));
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => received += chunk);
  socket.on("error", reject);
  socket.on("close", () => resolve(received));
  return promise;
}

/** Checks what every answer has, whatever its status. */
export function assertHeaderBlock(answer: RawAnswer, method = "GET"): void {
  const names = answer.lines.map((line) => line.replace(/:.*$/, ""));
  assert.deepEqual(
    answer.lines.filter((line) => /^metadata-flavor:/i.test(line)),
    ["Metadata-Flavor: Google"],
  );
  assert.equal(new Set(names).size, names.length, "a header comes twice");
  assert.ok(answer.header("Content-Type"));
  assert.equal(answer.header("Transfer-Encoding"), undefined);
  assert.equal(answer.header("Content-Encoding"), undefined);
  assert.equal(answer.header("Vary"), undefined);
  assert.equal(answer.header("Access-Control-Allow-Origin"), undefined);
  assert.equal(answer.header("X-Content-Type-Options"), "nosniff");
  assert.equal(answer.header("X-Frame-Options"), "SAMEORIGIN");
  assert.equal(answer.header("X-XSS-Protection"), "0");
  if (method === "HEAD") assert.equal(answer.body, "");
  else {
    const { length } = new TextEncoder().encode(answer.body);
    assert.equal(answer.header("Content-Length"), String(length));
  }
}
