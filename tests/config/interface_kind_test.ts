import assert from "node:assert/strict";
import { INTERFACES } from "../../src/config/interface_kind.ts";

Deno.test("INTERFACES accepts names, wildcards, or one negation", () => {
  const lists = [
    [],
    ["eth0"],
    ["cali+", "cni0", "eth0.100", "br-0a1b2c", "veth_1@x"],
    ["abcdefghijklmno"],
    ["abcdefghijklmn+"],
    ["!eth0"],
    ["!abcdefghijklmno"],
    ["!ens+"],
  ];
  for (const list of lists) {
    const expected = { outcome: "accepted", value: list };
    assert.deepEqual(INTERFACES.decode(list), expected);
    assert.deepEqual(INTERFACES.decode(list.join(", ")), expected);
  }
});

Deno.test("INTERFACES blames the entry that is no interface", () => {
  const entries = [
    "",
    "+",
    "!",
    "!+",
    "!!eth0",
    "-i",
    ".",
    "..",
    "eth/0",
    "eth 0",
    "eth0\n",
    "eth0:1",
    'eth"0',
    "eth*",
    "e+h",
    "eth++",
    "abcdefghijklmnop",
    "abcdefghijklmno+",
    7,
  ];
  for (const entry of entries) {
    assert.deepEqual(
      INTERFACES.decode(["cni0", entry]),
      { outcome: "refused", item: 1 },
      String(entry),
    );
  }
});

Deno.test("INTERFACES refuses a negation beside anything else as a whole", () => {
  for (const text of ["!eth0,cni0", "cni0,!eth0", "!eth0,!eth1"]) {
    assert.deepEqual(INTERFACES.decode(text), { outcome: "refused" });
  }
});
