import assert from "node:assert/strict";
import { InterceptionError } from "../../src/interception/interception_error.ts";
import {
  explainFailure,
  isForbidden,
  isToolMissing,
} from "../../src/interception/tool_failure.ts";

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

Deno.test("isForbidden() and isToolMissing() tell why nothing can be read", () => {
  const printed = (stderr: string): InterceptionError =>
    explainFailure("nft cannot read", { code: 1, stdout: "", stderr });
  const caused = (cause: Error): InterceptionError =>
    new InterceptionError("nft cannot be started", { cause });
  const cases = [
    { error: printed("Permission denied (you must be root)"), is: "forbidden" },
    { error: printed("Operation not permitted"), is: "forbidden" },
    { error: caused(new Deno.errors.NotCapable()), is: "forbidden" },
    { error: caused(new Deno.errors.PermissionDenied()), is: "forbidden" },
    { error: caused(new Deno.errors.NotFound()), is: "missing" },
    { error: printed("No such file or directory"), is: "neither" },
    { error: new InterceptionError("Interface x is not here"), is: "neither" },
    { error: new Error("must be root"), is: "neither" },
  ];
  for (const { error, is } of cases) {
    const found = isForbidden(error)
      ? "forbidden"
      : isToolMissing(error)
      ? "missing"
      : "neither";
    assert.equal(found, is, String(error.cause));
  }
});
