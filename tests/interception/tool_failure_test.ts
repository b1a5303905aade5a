import assert from "node:assert/strict";
import { explainFailure } from "../../src/interception/tool_failure.ts";

Deno.test("explainFailure() puts each failure into one sentence", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "Fatal: can't open lock file /run/xtables.lock: Permission denied",
      /cannot open the xtables lock file; mount/,
    ],
    [
      "Another app is currently holding the xtables lock. Stopped waiting after 5s.",
      /another program held the xtables lock/,
    ],
    [
      "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)",
      /NET_ADMIN and NET_RAW/,
    ],
    ["Operation not permitted (you must be root)", /NET_ADMIN and NET_RAW/],
    [
      "iptables v1.8.9 (nf_tables): chain `PREROUTING' in table `nat' is incompatible, use 'nft' tool.",
      /use the backend nftables/,
    ],
    [
      "iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
      /no such table/,
    ],
    [
      "ip6tables v1.8.9 (legacy): can't initialize ip6tables table `filter': Address family not supported by protocol",
      /no support for this address family/,
    ],
    [
      'iptables v1.8.9 (nf_tables): unknown option "--to-destination"',
      /extension .* is missing/,
    ],
    [
      "iptables: Resource temporarily unavailable.",
      /wrote at the same time/,
    ],
    ["something new", /exit code 4$/],
  ];
  for (const [stderr, message] of cases) {
    await t.step(stderr, () => {
      const error = explainFailure("iptables cannot write the rules", {
        code: 4,
        stdout: "",
        stderr: `${stderr}\n`,
      });
      assert.match(error.message, /^iptables cannot write the rules: /);
      assert.match(error.message, message);
      assert.deepEqual(error.cause, new Error(stderr));
    });
  }
});
