import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ParsedResponse,
  ResponseParser,
} from "../../src/metadata/response_parser.ts";

const ENCODER = new TextEncoder();

/** Parses text that arrives in pieces of the given sizes, the rest at once, and then the end. */
function parse(text: string, sizes: readonly number[] = []): ParsedResponse {
  const bytes = ENCODER.encode(text);
  const parser = new ResponseParser();
  // One buffer for all pieces, as a connection has it.
  const buffer = new Uint8Array(bytes.length);
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size);
    at += piece.length;
    buffer.set(piece);
    const answer = parser.push(buffer.subarray(0, piece.length));
    if (answer !== undefined) return answer;
    buffer.fill(0);
  }
  return parser.end();
}

const HEAD = "HTTP/1.1 200 OK\r\nETag: a\r\nX: 1\r\nx: 2\r\n";
const WHOLE: readonly {
  readonly name: string;
  readonly text: string;
  readonly body: string;
  readonly isReusable: boolean;
}[] = [
  {
    name: "length",
    text: `${HEAD}Content-Length: 7\r\n\r\ngrößer`.replace("7", "8"),
    body: "größer",
    isReusable: true,
  },
  {
    name: "no body",
    text: `${HEAD}Content-Length: 0\r\n\r\n`,
    body: "",
    isReusable: true,
  },
  {
    name: "chunks",
    text:
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0A;x=y\r\n, metadata\r\n0\r\nT: 1\r\n\r\n`,
    body: "hello, metadata",
    isReusable: true,
  },
  {
    name: "until the end of the connection",
    text: `${HEAD}\r\nhello`,
    body: "hello",
    isReusable: false,
  },
  {
    name: "closing",
    text: `${HEAD}Content-Length: 2\r\nConnection: Close\r\n\r\nhi`,
    body: "hi",
    isReusable: false,
  },
  {
    name: "HTTP/1.0",
    text:
      `HTTP/1.0 200 OK\r\nETag: a\r\nX: 1, 2\r\nContent-Length: 2\r\n\r\nhi`,
    body: "hi",
    isReusable: false,
  },
  {
    name: "more than asked for",
    text: `${HEAD}Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n`,
    body: "hi",
    isReusable: false,
  },
  {
    name: "an interim answer before it",
    text:
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${HEAD}Content-Length: 2\r\n\r\nhi`,
    body: "hi",
    isReusable: true,
  },
];

Deno.test("ResponseParser understands every form of answer", async (t) => {
  for (const { name, text, body, isReusable } of WHOLE) {
    await t.step(name, () => {
      const answer = parse(text);
      assert.deepEqual(
        [answer.status, answer.body, answer.isReusable],
        [200, body, isReusable],
      );
      assert.equal(answer.headers.get("etag"), "a");
      assert.equal(answer.headers.get("x"), "1, 2");
    });
  }
});

Deno.test("ResponseParser understands an answer in whatever pieces it arrives", () => {
  const inPieces = fc.tuple(
    fc.constantFrom(...WHOLE.filter(({ name }) => !name.startsWith("more"))),
    fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
  );
  fc.assert(fc.property(inPieces, ([{ text, body, isReusable }, sizes]) => {
    const answer = parse(text, sizes);
    assert.equal(answer.body, body);
    assert.equal(answer.isReusable, isReusable);
  }));
});

Deno.test("ResponseParser refuses what readers could understand differently", async (t) => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const cases = [
    { name: "no HTTP", text: "SSH-2.0-x\r\n\r\n", problem: /status line/ },
    {
      name: "other version",
      text: "HTTP/2 200\r\n\r\n",
      problem: /status line/,
    },
    {
      name: "folded header",
      text: "HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n",
      problem: /header/,
    },
    {
      name: "blank before the colon",
      text: "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
      problem: /header/,
    },
    {
      name: "bytes beyond ASCII in a header",
      text: "HTTP/1.1 200 OK\r\nETag: \u00e9\r\n\r\n",
      problem: /header/,
    },
    {
      name: "a zero byte in a header",
      text: `HTTP/1.1 200 OK\r\nA: ${" ".repeat(30_000)}\0\r\n\r\n`,
      problem: /header/,
    },
    {
      name: "trailers without end",
      text: `${chunked}0\r\n${`T: ${"x".repeat(500)}\r\n`.repeat(200)}`,
      problem: /trailer/,
    },
    {
      name: "two lengths",
      text:
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      problem: /content length/,
    },
    {
      name: "signed length",
      text: "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
      problem: /content length/,
    },
    {
      name: "length and chunks",
      text:
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      problem: /transfer encoding/,
    },
    {
      name: "compressed",
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      problem: /transfer encoding/,
    },
    {
      name: "chunk size",
      text: `${chunked}0x5\r\nhello\r\n`,
      problem: /chunk/,
    },
    {
      name: "chunk longer than its size",
      text: `${chunked}2\r\nhello\r\n`,
      problem: /chunk/,
    },
    {
      name: "chunk size without end",
      text: chunked + "0".repeat(2_000),
      problem: /chunk/,
    },
    {
      name: "headers without end",
      text: `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`,
      problem: /too long/,
    },
    {
      name: "too large",
      text: `${HEAD}Content-Length: 9000000\r\n\r\n${"x".repeat(8_500_000)}`,
      problem: /too large/,
    },
    { name: "nothing", text: "", problem: /cut off/ },
    {
      name: "half a body",
      text: `${HEAD}Content-Length: 5\r\n\r\nhell`,
      problem: /cut off/,
    },
    {
      name: "no last chunk",
      text: `${chunked}5\r\nhello\r\n`,
      problem: /cut off/,
    },
  ];
  for (const { name, text, problem } of cases) {
    await t.step(name, () => assert.throws(() => parse(text), problem));
  }
});
