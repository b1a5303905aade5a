/** An answer as its bytes stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Header lines as sent, in order. */
  readonly lines: readonly string[];
  readonly body: string;
  header(name: string): string | undefined;
}

/** Sends one request over a fresh connection and reads until the server closes. */
export async function sendRaw(
  address: string,
  request: {
    readonly method?: string;
    readonly target: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  },
): Promise<RawAnswer> {
  const [hostname = "", port = ""] = address.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const body = request.body ?? "";
  const head = [
    `${request.method ?? "GET"} ${request.target} HTTP/1.1`,
    "Host: metadata.google.internal",
    "Connection: close",
    ...(body === "" ? [] : [`Content-Length: ${body.length}`]),
    ...(request.headers ?? []),
  ].join("\r\n");
  await connection.write(new TextEncoder().encode(`${head}\r\n\r\n${body}`));
  return parseAnswer(await readAll(connection));
}

async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
}

/** Takes an answer apart; one that is not complete has status 0. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, Math.max(end, 0)).split("\r\n");
  return {
    status: Number(first.split(" ")[1] ?? 0),
    lines,
    body: end < 0 ? "" : text.slice(end + 4),
    header(name: string): string | undefined {
      const found = lines.find((line) =>
        line.toLowerCase().startsWith(`${name.toLowerCase()}:`)
      );
      return found?.slice(name.length + 1).trim();
    },
  };
}
