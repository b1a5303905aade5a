import type { HostileRequest } from "./hostile_request.ts";

/** A request as the HTTP server gives it to the handler: its URL is not normalised. */
class SentRequest extends Request {
  readonly #sent: HostileRequest;
  readonly #headers: Headers;

  constructor(sent: HostileRequest, headers: Headers) {
    super("http://localhost/");
    this.#sent = sent;
    this.#headers = headers;
  }

  override get method(): string {
    return this.#sent.method;
  }

  override get headers(): Headers {
    return this.#headers;
  }

  override get url(): string {
    const { target } = this.#sent;
    if (/^[a-z]+:/i.test(target)) return target;
    const host = this.#headers.get("host");
    const authority = host === null || host === "" ? "localhost:80" : host;
    return `http://${authority}${target === "*" ? "/*" : target}`;
  }
}

/** Makes the request that the HTTP server makes; `undefined` for what that refuses itself. */
export function toRequest(sent: HostileRequest): Request | undefined {
  const names = sent.headers.map(([name]) => name.toLowerCase());
  if (names.indexOf("host") !== names.lastIndexOf("host")) return undefined;
  if (!/^(\/|\*$|[a-z]+:)/i.test(sent.target)) return undefined;
  const headers = new Headers();
  for (const [name, value] of sent.headers) headers.append(name, value);
  return new SentRequest(sent, headers);
}
