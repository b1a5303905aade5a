import assert from "node:assert/strict";
import { describeIndex } from "../../src/kubernetes/cluster_report.ts";

Deno.test("describeIndex() is fine once listed, until the API server has been silent for ten minutes", async (t) => {
  const cases = [
    {
      hasSynced: false,
      contactAgeMs: undefined,
      ok: false,
      detail: /not listed/,
    },
    { hasSynced: true, contactAgeMs: undefined, ok: true, detail: /^3 pods/ },
    {
      hasSynced: true,
      contactAgeMs: 599_999,
      ok: true,
      detail: /^3 pods known$/,
    },
    { hasSynced: true, contactAgeMs: 600_000, ok: false, detail: /600 s ago/ },
  ];
  for (const { ok, detail, ...cluster } of cases) {
    await t.step(`${cluster.hasSynced} ${cluster.contactAgeMs}`, () => {
      const condition = describeIndex({ ...cluster, podCount: 3 });
      assert.deepEqual([condition.name, condition.ok], ["index", ok]);
      assert.match(condition.detail, detail);
    });
  }
});
