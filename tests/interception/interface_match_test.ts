import assert from "node:assert/strict";
import type { NodeInterface } from "../../src/interception/node_interfaces.ts";
import {
  type InterfaceMatch,
  matchInterfaces,
} from "../../src/interception/interface_match.ts";

const OWN: readonly NodeInterface[] = [
  { name: "lo", addresses: ["127.0.0.1"], bridge: undefined },
  {
    name: "eth0",
    addresses: ["10.128.0.2", "FD00:128:0::2"],
    bridge: undefined,
  },
  { name: "cbr0", addresses: ["10.4.0.1"], bridge: undefined },
  { name: "veth1", addresses: [], bridge: "cbr0" },
  { name: "veth2", addresses: [], bridge: "cbr0" },
  { name: "pod1", addresses: [], bridge: "cbr0" },
  { name: "pod2", addresses: [], bridge: undefined },
];

interface Case {
  readonly configured: readonly string[];
  readonly hostIP?: string;
  readonly match: InterfaceMatch;
  readonly warnings?: RegExp;
}

const not = (name: string): InterfaceMatch => ({ kind: "not", name });
const only = (...names: string[]): InterfaceMatch => ({ kind: "only", names });

const CASES: readonly Case[] = [
  { configured: [], match: not("eth0") },
  { configured: [], hostIP: "fd00:128::2", match: not("eth0") },
  { configured: ["!eth0"], match: not("eth0") },
  { configured: ["!ens4"], match: not("ens4"), warnings: /excludes none/ },
  { configured: ["!eth+"], match: not("eth+") },
  { configured: ["eth0"], match: not("eth0"), warnings: /taken as !eth0/ },
  { configured: ["cbr0"], match: only("cbr0") },
  { configured: ["cali+"], match: only("cali+") },
  { configured: ["+"], match: only("+") },
  { configured: ["pod+"], match: only("pod+") },
  {
    configured: ["cbr0", "gke+", "cbr0"],
    match: only("cbr0", "gke+"),
  },
];

Deno.test("matchInterfaces() takes what matches something", async (t) => {
  for (const { configured, hostIP = "10.128.0.2", ...expected } of CASES) {
    await t.step(`${configured.join(" ")} at ${hostIP}`, () => {
      const { match, warnings } = matchInterfaces(configured, OWN, hostIP);
      assert.deepEqual(match, expected.match);
      if (expected.warnings === undefined) assert.deepEqual(warnings, []);
      else assert.match(warnings.join("\n"), expected.warnings);
    });
  }
});

Deno.test("matchInterfaces() refuses what would match nothing or is ill-formed", async (t) => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["docker0"], /docker0 is not on this node.*such as !eth0/],
    [["cbr0", "docker0"], /docker0 is not on this node/],
    [["eth0", "cbr0"], /eth0 carries the node's own address.*!eth0 alone/],
    [["!eth0", "cbr0"], /!eth0 excludes one and so must stand alone/],
    [["!eth0", "!cbr0"], /must stand alone/],
    [["!+"], /!\+ would match nothing/],
    [["!"], /"" is no name/],
    [[""], /"" is no name/],
    [["a b"], /"a b" is no name/],
    [["eth/0"], /is no name/],
    [["-j"], /is no name/],
    [["ca+li"], /is no name/],
    [["veth*"], /is no name/],
    [["veth1"], /veth1 is a port of the bridge cbr0 .*; name cbr0$/],
    [["cbr0", "veth+"], /veth\+ is a port of the bridge cbr0/],
    [["cbr0\n-F"], /is no name/],
    [["a123456789012345"], /at most 15/],
  ];
  for (const [configured, message] of refused) {
    await t.step(JSON.stringify(configured), () => {
      assert.throws(() => matchInterfaces(configured, OWN, "10.128.0.2"), {
        name: "InterceptionError",
        message,
      });
    });
  }
});

Deno.test("matchInterfaces() refuses a host IP that is not this node's", () => {
  for (const configured of [[], ["cbr0"], ["!eth0"]]) {
    assert.throws(() => matchInterfaces(configured, OWN, "10.128.0.3"), {
      name: "InterceptionError",
      message: "The host IP 10.128.0.3 is not an address of this node",
    });
  }
});
