import assert from "node:assert/strict";
import { MintError } from "../../src/core/mint.ts";
import type { Decision } from "../../src/core/policy.ts";
import {
  refusal,
  tokenAnswer,
  tokenTextAnswer,
} from "../../src/metadata/answer.ts";
import { createExchangeRecorder } from "../../src/metadata/exchange_recorder.ts";
import type { Exchange } from "../../src/metadata/handler.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { APP, PLATFORM } from "../google/google_side.ts";
import { createPod } from "./pod_side.ts";

const allow: Decision = {
  outcome: "allow",
  account: APP,
  scopes: [PLATFORM],
  wouldDeny: undefined,
};
const exchange: Exchange = {
  route: { kind: "entry", account: "default", entry: "token" },
  wanted: undefined,
  token: undefined,
  method: "GET",
  address: "10.0.0.5",
  caller: {
    pod: createPod("10.0.0.5"),
    namespace: { kind: "absent" },
  },
  decision: allow,
  answer: tokenAnswer({ value: "ya29.secret", expiresAtMs: 0 }, 1),
  durationMs: 12.345,
};

/** Records one exchange, and returns the log line and the counts. */
async function record(
  one: Partial<Exchange>,
): Promise<{ readonly line: string; readonly counts: string }> {
  const lines: string[] = [];
  const metrics = new Metrics("1");
  const log = createLog({
    format: "json",
    level: () => "debug",
    write: (line) => lines.push(line),
    now: () => 0,
  });
  createExchangeRecorder({
    log,
    isLogged: () => true,
    metrics,
    fixFor: (account) => `grant ${account}`,
  })({ ...exchange, ...one });
  assert.equal(lines.length, 1);
  return { line: lines.join(""), counts: await metrics.render() };
}

Deno.test("createExchangeRecorder() logs an answered request with all its facts", async () => {
  const { line, counts } = await record({});
  assert.deepEqual(JSON.parse(line), {
    time: "1970-01-01T00:00:00.000Z",
    level: "debug",
    message: "Answered",
    route: "entry",
    method: "GET",
    address: "10.0.0.5",
    status: 200,
    pod: "default/debug-shell",
    account: APP,
    durationMs: 12.3,
  });
  assert.ok(counts.includes(
    'saassigner_requests_total{route="entry",status="200",decision="allow",reason=""} 1',
  ));
  assert.ok(counts.includes(
    'saassigner_request_duration_seconds_sum{route="entry"} 0.012345',
  ));
});

Deno.test("createExchangeRecorder() logs a refusal with reason and cause", async () => {
  const cause = new Error("IAM says no", { cause: new Error("inner") });
  const error = new MintError("iam-denied", "Why.", { cause });
  const { line, counts } = await record({
    answer: refusal("iam-denied", error.message, { cause: error.cause }),
  });
  const entry = JSON.parse(line);
  assert.equal(entry.message, "Refused");
  assert.equal(entry.reason, "iam-denied");
  assert.equal(entry.error, "IAM says no: inner");
  assert.equal(entry.fix, `grant ${APP}`);
  assert.ok(counts.includes(
    'saassigner_requests_total{route="entry",status="403",decision="allow",reason="iam-denied"} 1',
  ));
});

Deno.test("createExchangeRecorder() chooses the level by what an operator has to know", async (t) => {
  const cases = [
    { name: "answered", one: {}, level: "debug" },
    {
      name: "refused",
      one: { answer: refusal("iam-denied", "Why.") },
      level: "info",
    },
    {
      name: "missing",
      one: { answer: refusal("no-account", "Why.") },
      level: "info",
    },
    {
      name: "failed",
      one: { answer: refusal("iam-unavailable", "Why.") },
      level: "warn",
    },
    {
      name: "allowed for now",
      one: { decision: { ...allow, wouldDeny: "namespace-denied" } as const },
      level: "info",
    },
    {
      name: "nobody asked for",
      one: { caller: undefined, decision: undefined },
      level: "debug",
    },
  ];
  for (const { name, one, level } of cases) {
    await t.step(name, async () => {
      assert.equal(JSON.parse((await record(one)).line).level, level);
    });
  }
});

Deno.test("createExchangeRecorder() says what enforcement would have refused", async () => {
  const { line } = await record({
    decision: { ...allow, wouldDeny: "namespace-denied" },
  });
  assert.equal(JSON.parse(line).wouldDeny, "namespace-denied");
});

Deno.test("createExchangeRecorder() puts no token into the log or a label", async (t) => {
  const answers = [
    tokenAnswer({ value: "ya29.secret", expiresAtMs: 0 }, 1),
    tokenTextAnswer("eyJ.secret.c2ln", "text/html"),
  ];
  for (const answer of answers) {
    await t.step(answer.contentType, async () => {
      const { line, counts } = await record({ answer });
      assert.doesNotMatch(line + counts, /secret|ya29|eyJ/);
    });
  }
});

Deno.test("createExchangeRecorder() makes no label of what a client sends", async () => {
  const { line, counts } = await record({
    method: "FORGED\nline",
    address: "2001:db8::1",
  });
  assert.equal(line.split("\n").length, 2);
  assert.doesNotMatch(counts, /FORGED|2001|debug-shell|app@/);
});
