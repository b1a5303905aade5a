import assert from "node:assert/strict";
import { MintError, type MintRequest } from "../../src/core/mint.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { createRenewalRecorder } from "../../src/tokens/renewal_recorder.ts";

const REQUEST: MintRequest = {
  kind: "id-token",
  account: "app@demo-proj.iam.gserviceaccount.com",
  audience: "https://secret.example",
  format: "full",
  licenses: false,
};

async function record(
  error: unknown,
): Promise<{ line: string; counts: string }> {
  const lines: string[] = [];
  const metrics = new Metrics("1");
  createRenewalRecorder({
    log: (level, message, fields) =>
      lines.push(JSON.stringify({ level, message, ...fields })),
    metrics,
    fixFor: (account) => `grant ${account}`,
  })({ request: REQUEST, error });
  assert.equal(lines.length, 1);
  return { line: lines.join(), counts: await metrics.render() };
}

Deno.test("createRenewalRecorder() logs and counts what became of a renewal", async (t) => {
  const cases = [
    { error: undefined, level: "debug", outcome: "ok", fix: false },
    {
      error: new MintError("iam-denied", "Why."),
      level: "warn",
      outcome: "iam-denied",
      fix: true,
    },
    {
      error: new MintError("iam-unavailable", "Why."),
      level: "warn",
      outcome: "iam-unavailable",
      fix: false,
    },
    {
      error: new Error("bug"),
      level: "warn",
      outcome: "internal-error",
      fix: false,
    },
  ];
  for (const { error, level, outcome, fix } of cases) {
    await t.step(outcome, async () => {
      const { line, counts } = await record(error);
      const entry = JSON.parse(line);
      assert.equal(entry.level, level);
      assert.equal(entry.account, REQUEST.account);
      assert.equal(entry.fix, fix ? `grant ${REQUEST.account}` : undefined);
      assert.ok(
        !line.includes("secret.example"),
        "an audience is the pod's own",
      );
      assert.ok(
        counts.includes(
          `saassigner_token_renewals_total{outcome="${outcome}"} 1`,
        ),
      );
    });
  }
});
