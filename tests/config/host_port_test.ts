import assert from "node:assert/strict";
import { canonicalHost, parseHostPort } from "../../src/config/host_port.ts";

Deno.test("parseHostPort() reads hosts with and without port", () => {
  const cases: readonly [string, string, number | undefined][] = [
    ["169.254.169.254", "169.254.169.254", undefined],
    ["127.0.0.1:988", "127.0.0.1", 988],
    ["Metadata.Google.Internal", "metadata.google.internal", undefined],
    ["a:65535", "a", 65_535],
    ["[FD20:ce:0::254]", "fd20:ce::254", undefined],
    ["[::1]:80", "::1", 80],
  ];
  for (const [text, host, port] of cases) {
    assert.deepEqual(parseHostPort(text), { host, port }, text);
  }
});

Deno.test("parseHostPort() refuses everything else", () => {
  const texts = [
    "",
    ":80",
    "a:",
    "a:0",
    "a:65536",
    "a:-1",
    "a:b",
    "a b",
    "http://a",
    "a/b",
    "u@a",
    "::1",
    "[::1",
    "[::1]80",
    "[1.2.3.4]",
    "[a]",
    "[fe80::1%eth0]",
    "1.2.3",
    "010.0.0.1",
    "1.2.3.256",
    "0x7f000001",
    "-a",
    "a-",
    "a..b",
    "a.",
    "a_b",
    "x".repeat(254),
  ];
  for (const text of texts) assert.equal(parseHostPort(text), undefined, text);
});

Deno.test("canonicalHost() refuses IPv6 and ports", () => {
  assert.equal(canonicalHost("HOST"), "host");
  assert.equal(canonicalHost("::1"), undefined);
  assert.equal(canonicalHost("host:80"), undefined);
});
