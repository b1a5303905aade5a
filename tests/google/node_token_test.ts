import assert from "node:assert/strict";
import { createNodeTokenSource } from "../../src/google/node_token.ts";
import type { Answer } from "../../src/sandbox/loopback_server.ts";
import { describeError } from "../../src/telemetry/log.ts";
import { startGoogleSide } from "./google_side.ts";
import { failureOf } from "./mint_failure.ts";
import { json, startScriptedServer } from "./scripted_server.ts";
import { connectUpstream } from "./upstream.ts";

Deno.test("createNodeTokenSource() fetches the token and counts its life from before the request", async () => {
  await using google = await startGoogleSide();
  const fetchToken = createNodeTokenSource(google.client.ask, google.time.now);
  const askedAtMs = google.time.now();
  const release = google.metadata.faults.hold();
  const fetching = fetchToken();
  await google.metadata.requests.reached(1);
  google.time.advance(7_000);
  release();
  const token = await fetching;
  assert.equal(token.value, google.metadata.tokens[0]);
  assert.equal(token.expiresAtMs, askedAtMs + 3_600_000);
  assert.equal(
    google.metadata.requests.entries[0]?.target,
    "/computeMetadata/v1/instance/service-accounts/default/token",
  );
});

Deno.test("createNodeTokenSource() makes one request for concurrent calls, and another later", async () => {
  await using google = await startGoogleSide();
  const fetchToken = createNodeTokenSource(google.client.ask, google.time.now);
  const release = google.metadata.faults.hold();
  const all = Promise.all([fetchToken(), fetchToken(), fetchToken()]);
  await google.metadata.requests.reached(1);
  release();
  const [first, ...others] = await all;
  for (const other of others) assert.equal(other, first);
  assert.equal(google.metadata.requests.count(), 1);
  await fetchToken();
  assert.equal(google.metadata.requests.count(), 2);
});

Deno.test("createNodeTokenSource() gives a failure to all who wait and does not keep it", async () => {
  await using google = await startGoogleSide();
  const fetchToken = createNodeTokenSource(google.client.ask, google.time.now);
  google.metadata.faults.add({ kind: "reset" }, { times: 1 });
  const failures = await Promise.all(
    [fetchToken(), fetchToken()].map(failureOf),
  );
  assert.equal(failures[0], failures[1]);
  assert.equal(failures[0]?.failure, "node-credentials");
  assert.equal((await fetchToken()).value, google.metadata.tokens[0]);
});

Deno.test("createNodeTokenSource() refuses every other answer without quoting it", async (t) => {
  const token = "ya29.secret-token";
  const cases: readonly {
    readonly name: string;
    readonly answer: Partial<Answer>;
  }[] = [
    { name: "404", answer: json({ access_token: token, expires_in: 1 }, 404) },
    { name: "500", answer: json({ access_token: token, expires_in: 1 }, 500) },
    { name: "redirect", answer: { status: 301, headers: { Location: "/" } } },
    { name: "empty", answer: {} },
    { name: "broken JSON", answer: { body: `{"a":"${token}"x}` } },
    { name: "JSON cut short", answer: { body: `{"access_token":"${token}` } },
    { name: "text", answer: { body: token } },
    { name: "null", answer: json(null) },
    { name: "no expiry", answer: json({ access_token: token }) },
    {
      name: "expiry as text",
      answer: json({ access_token: token, expires_in: "3600" }),
    },
    { name: "no token", answer: json({ expires_in: 3600 }) },
  ];
  for (const { name, answer } of cases) {
    await t.step(name, async () => {
      await using server = await startScriptedServer(() => answer);
      using client = connectUpstream(server);
      const fetchToken = createNodeTokenSource(client.ask, () => 0);
      const error = await failureOf(fetchToken());
      assert.equal(error.failure, "node-credentials");
      assert.equal(
        error.message,
        "The node has no usable credentials of its own",
      );
      assert.doesNotMatch(describeError(error), /ya29|secret|token"/);
    });
  }
});
