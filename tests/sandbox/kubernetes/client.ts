import type { KubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  textAt,
  valueAt,
} from "../../../src/sandbox/kubernetes/json.ts";

/** An answer with its parsed body. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** Sends one request and reads its JSON answer. */
export async function call(
  api: KubernetesApi,
  target: string,
  options: {
    readonly body?: Json | string;
    readonly type?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<ApiAnswer> {
  const [method = "", path = ""] = target.split(" ");
  const { body, type = "application/json" } = options;
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(api.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": type }),
      ...options.headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const parsed = text.startsWith("{") ? parseJson(text) : { text };
  if (!isJsonObject(parsed)) throw new Error(`no JSON object: ${text}`);
  return { status: response.status, headers: response.headers, body: parsed };
}

/** Sends a JSON merge patch. */
export function mergePatch(
  api: KubernetesApi,
  path: string,
  body: JsonObject,
): Promise<ApiAnswer> {
  const type = "application/merge-patch+json";
  return call(api, `PATCH ${path}`, { body, type });
}

/** Names of the objects in a list, in order. */
export function namesIn(list: JsonObject): string[] {
  const items = list["items"];
  if (!Array.isArray(items)) {
    throw new Error(`no list: ${JSON.stringify(list)}`);
  }
  return items.map((item) => textAt(item, "metadata.name"));
}

/** An open watch, read line by line. */
export class WatchReader implements AsyncDisposable {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  private constructor(response: Response) {
    if (response.body === null) throw new Error("a watch without a body");
    this.response = response;
    this.#reader = response.body.getReader();
  }

  /** Opens a watch; `query` follows `watch=1`. */
  static async open(
    api: KubernetesApi,
    query = "",
    path = "/api/v1/pods",
  ): Promise<WatchReader> {
    return new WatchReader(await fetch(`${api.url}${path}?watch=1${query}`));
  }

  /** What has come of a line that is not complete. */
  get unread(): string {
    return this.#text;
  }

  /** The next line, or `undefined` when the stream has ended cleanly. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.read();
      if (done) return this.#text === "" ? undefined : this.#text;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event as `TYPE name@version`, or `undefined` at the end. */
  async seen(): Promise<string | undefined> {
    const event = await this.event();
    if (event === undefined) return undefined;
    const name = textAt(event, "object.metadata.name");
    const version = textAt(event, "object.metadata.resourceVersion");
    return `${textAt(event, "type")} ${name}@${version}`;
  }

  /** The next event, or `undefined` at the end. */
  async event(): Promise<JsonObject | undefined> {
    const line = await this.line();
    if (line === undefined) return undefined;
    const event = parseJson(line);
    if (!isJsonObject(event)) throw new Error(`no event: ${line}`);
    return event;
  }

  /** Type and name of the next so many events. */
  async names(count: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < count) {
      const event = await this.event();
      if (event === undefined) return names;
      const name = valueAt(event, "object.metadata.name");
      names.push(`${textAt(event, "type")} ${name}`);
    }
    return names;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}
