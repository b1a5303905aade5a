import assert from "node:assert/strict";
import { planRemoval } from "../../src/interception/iptables_removal.ts";
import { readTestdata } from "./captures.ts";

Deno.test("planRemoval() removes all that is ours, and nothing else", async (t) => {
  const blocks = [
    `*raw
:SAASSIGNER-TRACK - [0:0]
-D PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-TRACK
-X SAASSIGNER-TRACK
COMMIT
`,
    `*filter
:SAASSIGNER-GUARD - [0:0]
:SAASSIGNER-INPUT - [0:0]
-D INPUT -m comment --comment saassigner-jump -j SAASSIGNER-INPUT
-D FORWARD -m comment --comment saassigner-jump -j SAASSIGNER-GUARD
-D OTHER -j SAASSIGNER-GUARD
-X SAASSIGNER-GUARD
-X SAASSIGNER-INPUT
COMMIT
`,
    `*nat
:SAASSIGNER-METADATA - [0:0]
-D PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-METADATA
-X SAASSIGNER-METADATA
COMMIT
`,
  ];
  for (const variant of ["nft", "legacy"]) {
    await t.step(`as iptables-${variant}-save prints`, () => {
      const { rules, document } = planRemoval(
        readTestdata(`iptables-${variant}-save.txt`),
      );
      const tables = document.split(/^(?=\*)/m);
      assert.deepEqual(tables.toSorted(), blocks.toSorted());
      assert.equal(rules.length, 15);
      assert.ok(
        rules.includes(
          "-t raw -A PREROUTING -m comment --comment saassigner-jump -j SAASSIGNER-TRACK",
        ),
      );
    });
  }
});

Deno.test("planRemoval() has nothing to do where nothing is ours", () => {
  for (const saved of ["", "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"]) {
    assert.deepEqual(planRemoval(saved), { rules: [], document: "" });
  }
});
