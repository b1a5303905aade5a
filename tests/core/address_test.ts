import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalAddress,
  isInNetwork,
  isLoopback,
} from "../../src/core/address.ts";

Deno.test("canonicalAddress() brings every spelling to one form", async (t) => {
  const cases = [
    { name: "IPv4", text: "10.0.0.1", canonical: "10.0.0.1" },
    { name: "mapped", text: "::ffff:10.0.0.1", canonical: "10.0.0.1" },
    {
      name: "mapped, upper case",
      text: "::FFFF:10.0.0.1",
      canonical: "10.0.0.1",
    },
    {
      name: "mapped, hexadecimal",
      text: "::ffff:a00:1",
      canonical: "10.0.0.1",
    },
    {
      name: "mapped, in full",
      text: "0:0:0:0:0:ffff:10.0.0.1",
      canonical: "10.0.0.1",
    },
    { name: "IPv6 in full", text: "FD00:0:0:0:0:0:0:1", canonical: "fd00::1" },
    { name: "leading zeros", text: "fd00:0000::0001", canonical: "fd00::1" },
    {
      name: "longest run of zeros",
      text: "2001:db8:0:0:1:0:0:0",
      canonical: "2001:db8:0:0:1::",
    },
    {
      name: "a single zero stays",
      text: "2001:db8::1:1:1:1:1",
      canonical: "2001:db8:0:1:1:1:1:1",
    },
    {
      name: "dotted tail",
      text: "64:ff9b::10.0.0.1",
      canonical: "64:ff9b::a00:1",
    },
    { name: "loopback", text: "0:0:0:0:0:0:0:1", canonical: "::1" },
    { name: "unspecified", text: "0::0", canonical: "::" },
    { name: "IPv4-compatible", text: "::a00:1", canonical: "::a00:1" },
  ];
  for (const { name, text, canonical } of cases) {
    await t.step(name, () => assert.equal(canonicalAddress(text), canonical));
  }
});

Deno.test("canonicalAddress() refuses what is no plain address", () => {
  const texts = [
    "",
    "localhost",
    "metadata.google.internal",
    "010.0.0.1",
    "0x0a.0.0.1",
    "10.1",
    "167772161",
    "10.0.0.256",
    "10.0.0.1.",
    "10.0.0.1.2",
    "10.0.0.1/32",
    "10.0.0.1:80",
    " 10.0.0.1",
    "10.0.0.1\n",
    "::1\n",
    "[::1]",
    "fe80::1%eth0",
    "::1%",
    "::1/128",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3",
    "::ffff:10.0.0.256",
    "::ffff:010.0.0.1",
    "::ffff:0x0a.0.0.1",
    "::ffff:10.1",
    "::10.0.0.1",
    "::127.0.0.1",
    ":",
  ];
  for (const text of texts) {
    assert.equal(canonicalAddress(text), undefined, JSON.stringify(text));
  }
});

const IPV6_TEXT = fc.oneof(
  fc.ipV6(),
  fc.array(fc.constantFrom("0", "0000", "1", "ffff", "A00", ""), {
    minLength: 2,
    maxLength: 9,
  }).map((groups) => groups.join(":")),
  fc.ipV4().map((address) => `::ffff:${address}`),
);

Deno.test("canonicalAddress() leaves a canonical address alone", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), IPV6_TEXT), (text) => {
    const canonical = canonicalAddress(text);
    fc.pre(canonical !== undefined);
    assert.equal(canonicalAddress(canonical), canonical);
  }));
});

Deno.test("canonicalAddress() never throws and answers no IPv4-mapped form", () => {
  const char = fc.constantFrom(..."0123456789abcdefFx:.[]% ");
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: char }), IPV6_TEXT),
      (text) => {
        const canonical = canonicalAddress(text);
        assert(!canonical?.startsWith("::ffff:") || !canonical.includes("."));
        assert.equal(canonical, canonical?.toLowerCase());
      },
    ),
  );
});

Deno.test("canonicalAddress() gives a mapped address and its IPv4 one form", () => {
  fc.assert(fc.property(
    fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
    (bytes) => {
      const plain = bytes.join(".");
      const [a, b, c, d] = bytes;
      const groups = [a * 256 + b, c * 256 + d].map((group) =>
        group.toString(16)
      );
      assert.equal(canonicalAddress(plain), plain);
      assert.equal(canonicalAddress(`::ffff:${plain}`), plain);
      assert.equal(canonicalAddress(`::ffff:${groups.join(":")}`), plain);
    },
  ));
});

Deno.test("isLoopback() knows the loopback range", async (t) => {
  const cases = [
    { address: "127.0.0.1", expected: true },
    { address: "127.255.255.254", expected: true },
    { address: "::1", expected: true },
    { address: "126.255.255.255", expected: false },
    { address: "128.0.0.1", expected: false },
    { address: "0.0.0.0", expected: false },
    { address: "::", expected: false },
    { address: "169.254.169.254", expected: false },
    { address: "localhost", expected: false },
    { address: "", expected: false },
  ];
  for (const { address, expected } of cases) {
    await t.step(
      `"${address}"`,
      () => assert.equal(isLoopback(address), expected),
    );
  }
});

Deno.test("isInNetwork() compares by bits, within a family", async (t) => {
  const cases = [
    { network: "169.254.0.0/16", address: "169.254.169.254", expected: true },
    {
      network: "169.254.169.254/32",
      address: "169.254.169.254",
      expected: true,
    },
    { network: "169.254.169.254", address: "169.254.169.254", expected: true },
    { network: "0.0.0.0/0", address: "169.254.169.254", expected: true },
    { network: "fd20:ce::/32", address: "fd20:ce::254", expected: true },
    { network: "FD20:CE:0::254", address: "fd20:ce::254", expected: true },
    { network: "169.255.0.0/16", address: "169.254.169.254", expected: false },
    { network: "::/0", address: "169.254.169.254", expected: false },
    { network: "0.0.0.0/0", address: "fd20:ce::254", expected: false },
    { network: "169.254.0.0/33", address: "169.254.169.254", expected: false },
    { network: "/16", address: "169.254.169.254", expected: false },
    { network: "", address: "169.254.169.254", expected: false },
    { network: "169.254.0.0/16", address: "pod", expected: false },
  ];
  for (const { network, address, expected } of cases) {
    await t.step(
      `"${address}" in "${network}"`,
      () => assert.equal(isInNetwork(network, address), expected),
    );
  }
});
