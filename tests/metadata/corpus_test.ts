import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { RawAnswer } from "../sandbox/raw_http.ts";
import { startTestDaemon, type TestDaemon } from "../test_daemon.ts";
import {
  type AttackCase,
  type AttackRequest,
  readAttacks,
  type RequiredAnswer,
} from "./attack_corpus.ts";
import { open, sendBytes, sendHttp2 } from "./byte_client.ts";
import {
  assertAskable,
  assertStanding,
  listSecrets,
} from "./standing_assertions.ts";

const ATTACKS = readAttacks();

function write(request: AttackRequest & { readonly target: string }): string {
  const { method, target, version, headers, add, body } = request;
  return [
    `${method} ${target} ${version}`,
    ...headers,
    ...add,
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    "",
    body ?? "",
  ].join("\r\n");
}

/** Asks the server to end the connection; a Connection header of the attack's own stays. */
function closing<T extends AttackRequest>(request: T): T {
  return { ...request, add: [...request.add, "Connection: close"] };
}

function assertAnswer(answer: RawAnswer, required: RequiredAnswer): void {
  const { status, headers, without, body, matches } = required;
  assert.ok(
    status.includes(answer.status),
    `${answer.status} ${answer.body} instead of ${status.join(" or ")}`,
  );
  for (const [name, value] of Object.entries(headers)) {
    assert.equal(answer.header(name), value);
  }
  for (const name of without) assert.equal(answer.header(name), undefined);
  if (body !== undefined) assert.equal(answer.body, body);
  if (matches !== undefined) assert.match(answer.body, new RegExp(matches));
  for (const text of required.contains) assert.ok(answer.body.includes(text));
  const whole = [...answer.lines, answer.body].join("\n");
  for (const text of required.excludes) {
    assert.ok(!whole.includes(text), `${text} in ${whole}`);
  }
}

/** Sends one connection's worth, and checks each answer. */
async function exchange(
  daemon: TestDaemon,
  text: string,
  expected: readonly { method: string; answer: RequiredAnswer }[],
): Promise<void> {
  const methods = expected.map(({ method }) => method);
  const { answers, rest } = await sendBytes(daemon.port, text, { methods });
  assert.equal(rest, "");
  if (answers.length === 0 && expected.every(({ answer }) => answer.reset)) {
    return;
  }
  assert.equal(answers.length, expected.length, "number of answers");
  for (const [index, { method, answer }] of expected.entries()) {
    const received = answers[index];
    assert.ok(received);
    const secrets = listSecrets(daemon.sandbox);
    assertStanding(received, { method, request: text, secrets });
    assertAnswer(received, answer);
  }
}

async function sendCase(daemon: TestDaemon, one: AttackCase): Promise<void> {
  if ("targets" in one) {
    const { answer, method } = one;
    for (const target of one.targets) {
      const text = write(closing({ ...one, target }));
      await exchange(daemon, text, [{ method, answer }]).catch((cause) => {
        throw new Error(`${target.slice(0, 200)}: ${cause}`, { cause });
      });
    }
  } else if ("connection" in one) {
    const last = one.connection.length - 1;
    const texts = one.connection.map((request, index) =>
      write(index === last ? closing(request) : request)
    );
    await exchange(daemon, texts.join(""), one.connection);
  } else if ("bytes" in one) {
    const expected = one.answers.map((answer) => ({ method: "GET", answer }));
    await exchange(daemon, one.bytes, expected);
  } else {
    const answer = await sendHttp2(daemon.port, one.http2);
    if (answer === undefined) return assert.ok(one.answer.reset);
    const secrets = listSecrets(daemon.sandbox);
    assertStanding(answer, { method: "GET", request: "", secrets });
    assertAnswer(answer, one.answer);
  }
}

/** Sends a case with what it wants besides, and checks who was asked. */
async function runCase(daemon: TestDaemon, one: AttackCase): Promise<void> {
  const { metadata, iam } = daemon.sandbox;
  metadata.requests.clear();
  iam.calls.clear();
  const { connections = 0, text = "" } = one.besides ?? {};
  const sockets = Array.from(
    { length: connections },
    () => open(daemon.port, { text }),
  );
  try {
    await Promise.all(
      sockets.map((socket) =>
        new Promise((resolve) => socket.once("connect", resolve))
      ),
    );
    await sendCase(daemon, one);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  metadata.requests.entries.forEach(assertAskable);
  if (one.untouched) {
    assert.deepEqual(metadata.requests.entries, [], "the real server is asked");
    assert.deepEqual(iam.calls.entries, [], "IAM is asked");
  }
}

/** Has the node's own token and the pods' tokens made, so that nobody asks for them later. */
async function warmUp(daemon: TestDaemon): Promise<void> {
  const path = "instance/service-accounts/default/token";
  for (const from of ["127.0.0.1", "127.0.0.11"]) {
    await daemon.askUntil({ from, path }, ({ status }) => status === 200);
  }
  await daemon.sandbox.metadata.requests.reached(
    1,
    ({ target }) => target.endsWith("/project/project-id"),
  );
}

for (const profile of ["standard", "gke"] as const) {
  Deno.test(`the daemon withstands the attack corpus with metadata.expose ${profile}`, async (t) => {
    await using daemon = await startTestDaemon(
      `--metadata-expose=${profile}`,
      // So that each call of IAM has its cause in a request.
      "--token-prefetch=false",
    );
    await warmUp(daemon);
    for (const { id, attack, cases } of ATTACKS) {
      for (const one of cases) {
        if (!one.profiles.includes(profile)) continue;
        await t.step(
          `${id} ${attack}: ${one.name}`,
          () => runCase(daemon, one),
        );
      }
    }
  });
}

Deno.test("the attack corpus covers A1 to A23, here or in a test that there is", async () => {
  assert.deepEqual(
    ATTACKS.map(({ id }) => id),
    Array.from({ length: 23 }, (_, index) => `A${index + 1}`),
  );
  for (const { id, cases, coveredBy } of ATTACKS) {
    assert.ok(cases.length + coveredBy.length > 0, id);
    for (const { file, test } of coveredBy) {
      const url = new URL(`../../${file}`, import.meta.url);
      const text = await Deno.readTextFile(fileURLToPath(url));
      assert.ok(text.includes(test), `${id}: ${file} has no test "${test}"`);
    }
  }
});
