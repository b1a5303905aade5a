/** An HTTP answer that has arrived completely. */
export interface ParsedResponse {
  /** Status of the final answer. */
  readonly status: number;
  /** Headers by name in lower case; a repeated one joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** The whole body, as UTF-8. */
  readonly body: string;
  /** Whether the connection can be used for another request. */
  readonly isReusable: boolean;
}

/** How the end of a body is told. */
type Framing =
  | { readonly kind: "length"; left: number }
  | {
    readonly kind: "chunked";
    /** What comes next; of `data`, `left` bytes. */
    next: "size" | "data" | "data-end" | "trailer";
    left: number;
  }
  | { readonly kind: "close" };

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly isPersistent: boolean;
  readonly framing: Framing;
}

const MAX_HEAD = 65_536;
const MAX_BODY = 8 * 1024 * 1024;
const MAX_LINE = 1_024;
const NOTHING = new Uint8Array();
const CR = 13;
const LF = 10;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/;

/**
 * Parses one answer to a GET, as strictly as RFC 9112 lets a client be: whatever two
 * readers could understand differently is an error.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112}
 */
export class ResponseParser {
  /** Bytes that cannot be understood before more of them are there. */
  #rest: Uint8Array = NOTHING;
  #head: Head | undefined;
  /** The body so far, and room for more. */
  #body: Uint8Array = NOTHING;
  #size = 0;
  #trailerSize = 0;
  #isUntouched = true;

  /** Whether nothing has arrived. */
  get isUntouched(): boolean {
    return this.#isUntouched;
  }

  /**
   * Takes what has arrived.
   *
   * @param bytes Not used any more after the call.
   * @returns The answer, once it is complete.
   * @throws {Error} If it is no HTTP, or larger than anything of a metadata server.
   */
  push(bytes: Uint8Array): ParsedResponse | undefined {
    this.#isUntouched = false;
    let rest = this.#rest.length === 0 ? bytes : join(this.#rest, bytes);
    this.#rest = NOTHING;
    while (this.#head === undefined) {
      const end = indexOfBlankLine(rest);
      if (end > MAX_HEAD || end < 0 && rest.length > MAX_HEAD) {
        throw new Error("The answer's headers are too long");
      }
      if (end < 0) {
        this.#rest = rest.slice();
        return undefined;
      }
      const head = parseHead(DECODER.decode(rest.subarray(0, end)));
      rest = rest.subarray(end + 4);
      // Interim answers announce another one.
      if (head.status >= 200) this.#head = head;
    }
    return this.#takeBody(this.#head, rest);
  }

  /**
   * Takes that the connection has ended.
   *
   * @returns The answer, if that is how its end is told.
   * @throws {Error} If it is not complete.
   */
  end(): ParsedResponse {
    const head = this.#head;
    if (head?.framing.kind !== "close") {
      throw new Error("The answer was cut off");
    }
    return this.#finish(head, NOTHING);
  }

  #takeBody(head: Head, bytes: Uint8Array): ParsedResponse | undefined {
    const { framing } = head;
    if (framing.kind === "chunked") {
      const behind = this.#takeChunks(framing, bytes);
      return behind && this.#finish(head, behind);
    }
    const left = framing.kind === "length" ? framing.left : Infinity;
    this.#add(bytes.subarray(0, left));
    if (framing.kind === "length") framing.left -= bytes.length;
    return left <= bytes.length
      ? this.#finish(head, bytes.subarray(left))
      : undefined;
  }

  /** Takes chunks; gives what is behind the last one, once that is there. */
  #takeChunks(
    state: Extract<Framing, { kind: "chunked" }>,
    bytes: Uint8Array,
  ): Uint8Array | undefined {
    let at = 0;
    while (true) {
      if (state.next === "data") {
        const data = bytes.subarray(at, at + state.left);
        this.#add(data);
        at += data.length;
        state.left -= data.length;
        if (state.left > 0) return undefined;
        state.next = "data-end";
      }
      const end = indexOfLineEnd(bytes, at);
      if (end < 0) {
        if (bytes.length - at > MAX_LINE) throw malformed("chunk");
        this.#rest = bytes.slice(at);
        return undefined;
      }
      const line = DECODER.decode(bytes.subarray(at, end));
      at = end + 2;
      if (state.next === "trailer") {
        if (line === "") return bytes.subarray(at);
        this.#trailerSize += line.length;
        if (this.#trailerSize > MAX_HEAD) throw malformed("trailer");
      } else if (state.next === "data-end") {
        if (line !== "") throw malformed("chunk");
        state.next = "size";
      } else {
        const [, digits] = CHUNK_SIZE.exec(line) ?? [];
        if (digits === undefined) throw malformed("chunk");
        state.left = parseInt(digits, 16);
        state.next = state.left === 0 ? "trailer" : "data";
      }
    }
  }

  #add(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > MAX_BODY) throw new Error("The answer is too large");
    if (size > this.#body.length) {
      const room = new Uint8Array(Math.max(size, 2 * this.#body.length));
      room.set(this.#body.subarray(0, this.#size));
      this.#body = room;
    }
    this.#body.set(bytes, this.#size);
    this.#size = size;
  }

  #finish(head: Head, behind: Uint8Array): ParsedResponse {
    const { status, headers, isPersistent, framing } = head;
    return {
      status,
      headers,
      body: DECODER.decode(this.#body.subarray(0, this.#size)),
      // More than was asked for: nobody knows what it belongs to.
      isReusable: isPersistent && framing.kind !== "close" &&
        behind.length === 0,
    };
  }
}

function parseHead(text: string): Head {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const [, minor, digits] = STATUS_LINE.exec(statusLine) ?? [];
  if (digits === undefined) throw malformed("status line");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, padded = ""] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) throw malformed("header");
    const key = name.toLowerCase();
    const value = padded.trim();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const status = Number(digits);
  const connection = headers.get("connection") ?? "";
  return {
    status,
    headers,
    isPersistent: minor === "1" && !/\bclose\b/i.test(connection),
    framing: framingOf(status, headers),
  };
}

function framingOf(
  status: number,
  headers: ReadonlyMap<string, string>,
): Framing {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (status < 200 || status === 204 || status === 304) {
    return { kind: "length", left: 0 };
  }
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== "chunked") {
      throw malformed("transfer encoding");
    }
    return { kind: "chunked", next: "size", left: 0 };
  }
  if (length === undefined) return { kind: "close" };
  if (!/^[0-9]{1,15}$/.test(length)) throw malformed("content length");
  return { kind: "length", left: Number(length) };
}

function malformed(what: string): Error {
  return new Error(`The answer has a malformed ${what}`);
}

function indexOfLineEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at += 1) {
    if (bytes[at] === CR && bytes[at + 1] === LF) return at;
  }
  return -1;
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = 0;; at += 1) {
    at = indexOfLineEnd(bytes, at);
    if (at < 0 || at + 3 >= bytes.length) return -1;
    if (bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  }
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}
