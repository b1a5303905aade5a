import assert from "node:assert/strict";
import { answerLength } from "./answer_length.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("answer length: head and body, whatever of the body is there", () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\n";
  assert.equal(answerLength(bytes(head)), head.length + 5);
  assert.equal(answerLength(bytes(`${head}hello`)), head.length + 5);
  assert.equal(answerLength(bytes(head.slice(0, -1))), undefined);
});

Deno.test("answer length: a head without one is an error", () => {
  assert.throws(
    () => answerLength(bytes("HTTP/1.1 200 OK\r\nx-content-length: 5\r\n\r\n")),
    /of no length/,
  );
});
