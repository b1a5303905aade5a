import assert from "node:assert/strict";
import { readJsonLines } from "../../src/kubernetes/json_lines.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("readJsonLines() yields each line decoded", async (t) => {
  const cases: { name: string; text: string; lines: unknown[] }[] = [
    { name: "nothing", text: "", lines: [] },
    { name: "one line", text: '{"a":1}\n', lines: [{ a: 1 }] },
    { name: "several lines", text: '1\n"b"\n[3]\n', lines: [1, "b", [3]] },
    {
      name: "CRLF",
      text: '{"a":1}\r\n{"b":2}\r\n',
      lines: [{ a: 1 }, { b: 2 }],
    },
    { name: "empty lines", text: "\n\n1\n \n\r\n2\n", lines: [1, 2] },
    { name: "a last line without its newline", text: "1\n2", lines: [1] },
    { name: "only a line without its newline", text: '{"a":', lines: [] },
    { name: "an escaped newline", text: '"a\\nb"\n', lines: ["a\nb"] },
    {
      name: "characters of 2, 3 and 4 bytes",
      text: '{"ключ":"€😀"}\n',
      lines: [{ ключ: "€😀" }],
    },
    {
      name: "a key of the prototype",
      text: '{"__proto__":{"x":1}}\n',
      lines: [JSON.parse('{"__proto__":{"x":1}}')],
    },
  ];
  for (const { name, text, lines } of cases) {
    const bytes = encode(text);
    for (const size of [1, 2, 3, 7, Math.max(bytes.length, 1)]) {
      await t.step(`${name}, in chunks of ${size}`, async () => {
        assert.deepEqual(await collect(chunked(bytes, size)), lines);
      });
    }
  }
});

Deno.test("readJsonLines() throws on a line that is no JSON, after those before it", async () => {
  const lines = readJsonLines(chunked(encode("1\nnonsense\n2\n"), 4));
  assert.equal((await lines.next()).value, 1);
  await assert.rejects(lines.next(), SyntaxError);
});

Deno.test("readJsonLines() yields a line before the next chunk comes", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = (async function* (): AsyncGenerator<Uint8Array> {
    yield encode("1\n2");
    await promise;
    yield encode("3\n");
  })();
  const lines = readJsonLines(body);
  assert.equal((await lines.next()).value, 1);
  resolve();
  assert.equal((await lines.next()).value, 23);
});

Deno.test("readJsonLines() passes on the error of its body", async () => {
  const body = (async function* (): AsyncGenerator<Uint8Array> {
    yield encode("1\n");
    await Promise.reject(new Error("reset"));
  })();
  await assert.rejects(collect(body), /reset/);
});

Deno.test("readJsonLines() leaves its body when it is left", async () => {
  let isLeft = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller): void => controller.enqueue(encode("1\n")),
    cancel: (): void => {
      isLeft = true;
    },
  });
  for await (const line of readJsonLines(body)) {
    assert.equal(line, 1);
    break;
  }
  assert(isLeft);
});

async function collect(body: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  return await Array.fromAsync(readJsonLines(body));
}

async function* chunked(
  bytes: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}
