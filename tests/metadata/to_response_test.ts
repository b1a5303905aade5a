import assert from "node:assert/strict";
import {
  type Answer,
  notFound,
  tokenAnswer,
} from "../../src/metadata/answer.ts";
import {
  type ResponseOptions,
  toResponse,
} from "../../src/metadata/to_response.ts";
import type { RawAnswer } from "../sandbox/raw_http.ts";
import { assertHeaderBlock, request } from "./raw_client.ts";

const TOKEN = { value: "ya29.größe", expiresAtMs: 3_600_000 };
const BODY =
  '{"access_token":"ya29.größe","expires_in":60,"token_type":"Bearer"}';

/** Serves what each request is answered with. */
function serve(
  answerNext: () => Answer,
  isLast: ResponseOptions["isLast"],
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ method }) => toResponse(answerNext(), { method, isLast }),
  );
}

function withoutDate({ lines }: RawAnswer): readonly string[] {
  return lines.filter((line) => !/^date:/i.test(line));
}

const KEEPING = false;
const LEAVING = true;

Deno.test("tokenAnswer() is one object as long as token and seconds are the same", () => {
  const answer = tokenAnswer(TOKEN, 60);
  assert.equal(answer.body, BODY);
  assert.equal(tokenAnswer(TOKEN, 60), answer);
  const other = { ...TOKEN, value: "other" };
  assert.equal(tokenAnswer(other, 60).body, BODY.replace(TOKEN.value, "other"));
  assert.equal(tokenAnswer(TOKEN, 59).body, BODY.replace("60", "59"));
  assert.equal(tokenAnswer(TOKEN, 60).body, BODY);
});

Deno.test("toResponse() writes a shared answer the same, however often and at once", async () => {
  const answer = tokenAnswer(TOKEN, 60);
  const once = { ...answer, isShared: false };
  const pending = [once, answer, answer, answer];
  await using server = serve(() => pending.pop() ?? answer, KEEPING);
  const { port } = server.addr;
  const answers = await Promise.all(
    pending.map(() => request(port, { target: "/" })),
  );
  for (const each of answers) {
    assert.equal(each.body, BODY);
    assertHeaderBlock(each);
    assert.ok(each.lines.includes("Cache-Control: no-store"));
    assert.ok(!each.lines.includes("Connection: close"));
    assert.deepEqual(withoutDate(each), withoutDate(answers[0] ?? each));
  }
});

Deno.test("toResponse() sends a shared answer's headers alone for HEAD", async () => {
  const answer = tokenAnswer(TOKEN, 60);
  await using server = serve(() => answer, KEEPING);
  const { port } = server.addr;
  for (const method of ["HEAD", "GET", "HEAD"]) {
    const head = await request(port, { method, target: "/" });
    assertHeaderBlock(head, method);
    assert.equal(head.header("Content-Length"), String(BODY.length + 2));
  }
});

Deno.test("toResponse() asks the client to close the connection with the last answer, shared or not", async (t) => {
  for (const answer of [tokenAnswer(TOKEN, 60), notFound()]) {
    for (const method of ["GET", "HEAD"]) {
      await t.step(`${method}, ${answer.status}`, async () => {
        await using server = serve(() => answer, LEAVING);
        const { port } = server.addr;
        const last = await request(port, { method, target: "/" });
        assert.equal(last.status, answer.status);
        assertHeaderBlock(last, method);
        assert.ok(last.lines.includes("Connection: close"));
      });
    }
  }
});
