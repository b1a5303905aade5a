import { Buffer } from "node:buffer";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import type { RawAnswer } from "../sandbox/raw_http.ts";
import { parseAnswer } from "../sandbox/raw_http.ts";

/** What came back on one connection. */
export interface Received {
  /** The answers in order, bodies as Latin-1, so that lengths are in bytes. */
  readonly answers: readonly RawAnswer[];
  /** Whatever was behind the last whole answer. */
  readonly rest: string;
}

/** What to send on one connection. */
export interface Sending {
  readonly from?: string;
  /** Methods of the requests in it; after HEAD comes no body. */
  readonly methods: readonly string[];
}

/** Sends text as UTF-8 on a new connection and reads until the server ends it. */
export async function sendBytes(
  port: number,
  text: string,
  { from, methods }: Sending,
): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const chunks: Uint8Array[] = [];
  const socket = open(port, { from, text });
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  // A server that refuses early resets what it has not read.
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  await promise;
  return splitAnswers(Buffer.concat(chunks).toString("latin1"), methods);
}

/** Opens a connection, sends text and then no more. */
export function open(
  port: number,
  options: { readonly from?: string | undefined; readonly text: string },
): Socket {
  const { from, text } = options;
  const socket = connect({
    host: "127.0.0.1",
    port,
    ...(from === undefined ? {} : { localAddress: from }),
  }, () => socket.write(Buffer.from(text, "utf8")));
  return socket;
}

function splitAnswers(text: string, methods: readonly string[]): Received {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest.includes("\r\n\r\n")) {
    const whole = parseAnswer(rest);
    const length = methods[answers.length] === "HEAD"
      ? 0
      : Number(whole.header("Content-Length") ?? 0);
    if (whole.body.length < length) break;
    answers.push({ ...whole, body: whole.body.slice(0, length) });
    rest = whole.body.slice(length);
  }
  return { answers, rest };
}

/** Sends one GET by HTTP/2 with prior knowledge; `undefined` if the server ends it. */
export function sendHttp2(
  port: number,
  request: {
    readonly authority: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<RawAnswer | undefined> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer | undefined>();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const fail = (): void => resolve(undefined);
  session.on("error", fail);
  const stream = session.request({
    ":path": request.path,
    ":authority": request.authority,
    ...request.headers,
  });
  let lines: readonly string[] = [];
  let status = 0;
  let body = "";
  stream.setEncoding("latin1");
  stream.on("response", (headers) => {
    status = Number(headers[":status"]);
    lines = Object.entries(headers).filter(([name]) => !name.startsWith(":"))
      .map(([name, value]) => `${name}: ${value}`);
  });
  stream.on("data", (chunk: string) => body += chunk);
  stream.on("error", fail);
  stream.on("end", () =>
    resolve({
      status,
      lines,
      body,
      header: (name) =>
        lines.find((line) => line.startsWith(`${name.toLowerCase()}: `))
          ?.slice(name.length + 2),
    }));
  stream.end();
  return promise.finally(() => session.destroy());
}
