import assert from "node:assert/strict";
import { ADVISED_REASONS } from "../src/core/advice.ts";
import {
  EXPLAINED_REASONS,
  UNEXPLAINED_REASONS,
} from "../src/core/explanation.ts";
import { REASONS } from "../src/core/reason.ts";
import { refusal } from "../src/metadata/answer.ts";
import { createExchangeRecorder } from "../src/metadata/exchange_recorder.ts";
import { Metrics } from "../src/telemetry/metrics.ts";

const README = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);

/** Reason and status of each row of the README's table. */
const README_ROWS: ReadonlyMap<string, number> = new Map(
  [...README.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\| /gm)].map((
    [, reason = "", status],
  ) => [reason, Number(status)]),
);

/** Values of the label `reason` after each refusal was answered once. */
async function metricReasons(): Promise<readonly string[]> {
  const metrics = new Metrics("1");
  const record = createExchangeRecorder({
    log: () => {},
    isLogged: () => false,
    metrics,
    fixFor: () => undefined,
  });
  for (const reason of REASONS) {
    record({
      method: "GET",
      address: "10.0.0.1",
      route: { kind: "root" },
      caller: undefined,
      decision: undefined,
      wanted: undefined,
      token: undefined,
      answer: refusal(reason, "x"),
      durationMs: 1,
    });
  }
  const samples = (await metrics.render())
    .matchAll(/^saassigner_requests_total\{.*reason="([^"]*)".*\} 1$/gm);
  return [...samples].map(([, reason = ""]) => reason);
}

Deno.test("reason codes are the same in code, README, metric, advice and explanations", async () => {
  const codes = [...REASONS].sort();
  assert.deepEqual([...README_ROWS.keys()].sort(), codes);
  assert.deepEqual([...await metricReasons()].sort(), codes);
  assert.deepEqual([...ADVISED_REASONS].sort(), codes);
  assert.deepEqual(
    [...EXPLAINED_REASONS, ...UNEXPLAINED_REASONS].sort(),
    codes,
  );
});

Deno.test("README.md has the status of each reason that is answered", () => {
  for (const reason of REASONS) {
    assert.equal(README_ROWS.get(reason), refusal(reason, "x").status, reason);
  }
});
