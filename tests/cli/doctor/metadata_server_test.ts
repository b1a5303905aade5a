import assert from "node:assert/strict";
import {
  judgeMetadataServer,
  readNodeFacts,
} from "../../../src/cli/doctor/metadata_server.ts";
import type { AskUpstream } from "../../../src/core/upstream.ts";

const never = new AbortController().signal;
const EMAIL = "node@p.iam.gserviceaccount.com";

/** A metadata server that gives one answer about the account. */
function answering(status: number, body: string): AskUpstream {
  return ({ path }) =>
    Promise.resolve({
      status: path.endsWith("project-id") ? 200 : status,
      contentType: "application/text",
      etag: undefined,
      body: path.endsWith("project-id") ? "p\n" : body,
    });
}

Deno.test("readNodeFacts() takes what is well-formed", async () => {
  const scopes = ["a", "b"];
  assert.deepEqual(
    await readNodeFacts(
      answering(200, JSON.stringify({ email: EMAIL, scopes })),
      never,
    ),
    { projectId: "p", account: EMAIL, scopes },
  );
  const none = { projectId: "p", account: undefined, scopes: [] };
  assert.deepEqual(await readNodeFacts(answering(404, "<html>"), never), none);
  for (const body of ['{"email":"../x"}', "[]", "7"]) {
    assert.deepEqual(await readNodeFacts(answering(200, body), never), none);
  }
  await assert.rejects(
    readNodeFacts(answering(403, "no"), never),
    /The metadata server answers 403/,
  );
});

Deno.test("judgeMetadataServer() minds the node's account only where it calls IAM", () => {
  const facts = {
    kind: "got",
    value: { projectId: "p", account: undefined, scopes: [] },
  } as const;
  const judge = (credentials: "metadata" | "adc"): readonly string[] =>
    judgeMetadataServer(facts, { address: "M", credentials })
      .map(({ name, status }) => `${status} ${name}`);
  assert.deepEqual(judge("metadata"), [
    "ok metadata server",
    "failed node account",
    "not-checked node scopes",
  ]);
  assert.deepEqual(judge("adc"), [
    "ok metadata server",
    "not-checked node account",
    "not-checked node scopes",
  ]);
});
