import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeQuery, isOn, parseQuery } from "../../src/core/query.ts";

Deno.test("parseQuery() reads the known keys as sent", async (t) => {
  const cases: readonly {
    name: string;
    text: string;
    expected: Record<string, string> | undefined;
  }[] = [
    { name: "empty", text: "", expected: {} },
    { name: "one", text: "recursive=true", expected: { recursive: "true" } },
    {
      name: "two",
      text: "alt=json&audience=a",
      expected: { alt: "json", audience: "a" },
    },
    { name: "no value", text: "recursive", expected: { recursive: "" } },
    { name: "empty value", text: "scopes=", expected: { scopes: "" } },
    { name: "empty pairs", text: "&&alt=json&", expected: { alt: "json" } },
    { name: "no key", text: "=x&alt=json", expected: { alt: "json" } },
    {
      name: "= in a value",
      text: "audience=a=b==",
      expected: { audience: "a=b==" },
    },
    {
      name: "encoded key",
      text: "%72ecursive=true",
      expected: { recursive: "true" },
    },
    {
      name: "encoded value",
      text: "audience=https%3A%2F%2Fa.example%3Fx%26y",
      expected: { audience: "https://a.example?x&y" },
    },
    {
      name: "raw value",
      text: "audience=https://a.example/?b",
      expected: { audience: "https://a.example/?b" },
    },
    {
      name: "decoded once",
      text: "audience=%2541",
      expected: { audience: "%41" },
    },
    { name: "plus stays", text: "audience=a+b", expected: { audience: "a+b" } },
    {
      name: "UTF-8",
      text: "audience=%C3%A9",
      expected: { audience: "\u00e9" },
    },
    {
      name: "semicolon is no separator",
      text: "a;recursive=true",
      expected: {},
    },
    {
      name: "semicolon in a value",
      text: "alt=json;recursive=true",
      expected: {
        alt: "json;recursive=true",
      },
    },
    { name: "unknown keys", text: "transport=mtls&foo=1&foo=2", expected: {} },
    {
      name: "other letter case",
      text: "Recursive=true&ALT=json",
      expected: {},
    },
    {
      name: "blank is part of the key",
      text: "%20recursive=true",
      expected: {},
    },
    {
      name: "keys of objects",
      text: "__proto__=1&constructor=2",
      expected: {},
    },
    { name: "known key twice", text: "alt=json&alt=text", expected: undefined },
    {
      name: "same value twice",
      text: "alt=json&alt=json",
      expected: undefined,
    },
    {
      name: "twice, once encoded",
      text: "alt=json&%61lt=text",
      expected: undefined,
    },
    {
      name: "twice, once without value",
      text: "recursive&recursive=true",
      expected: undefined,
    },
    {
      name: "malformed escape in a value",
      text: "audience=%zz",
      expected: undefined,
    },
    { name: "cut escape", text: "audience=a%2", expected: undefined },
    { name: "malformed escape in a key", text: "%=1", expected: undefined },
    {
      name: "malformed escape in an unknown value",
      text: "foo=%",
      expected: undefined,
    },
    {
      name: "escape that is no UTF-8",
      text: "audience=%ff",
      expected: undefined,
    },
    { name: "overlong UTF-8", text: "audience=%c0%af", expected: undefined },
    { name: "surrogate", text: "audience=%ed%a0%80", expected: undefined },
  ];
  for (const { name, text, expected } of cases) {
    await t.step(name, () => {
      const query = parseQuery(text);
      assert.deepEqual(query && Object.fromEntries(query), expected);
    });
  }
});

Deno.test("isOn() reads a switch as the metadata server does", () => {
  for (const value of ["true", "True", "TRUE", "on", "ON", "yes", "1"]) {
    assert(isOn(new Map([["recursive", value]]), "recursive"), value);
  }
  for (
    const value of ["", "false", "0", "off", "no", "y", "t", "11", " true"]
  ) {
    assert(!isOn(new Map([["recursive", value]]), "recursive"), value);
  }
  assert(!isOn(new Map([["alt", "true"]]), "recursive"));
});

Deno.test("encodeQuery() keeps what is asked for, in that order", () => {
  const query = new Map([["alt", "json"], ["last_etag", "a b&c=d#é"], [
    "foo",
    "1",
  ]]);
  assert.equal(
    encodeQuery(query, ["last_etag", "recursive", "alt"]),
    "?last_etag=a+b%26c%3Dd%23%C3%A9&alt=json",
  );
  assert.equal(encodeQuery(query, []), "");
  assert.equal(encodeQuery(query, ["recursive"]), "");
  assert.equal(encodeQuery(new Map([["alt", ""]]), ["alt"]), "?alt=");
});

Deno.test("encodeQuery() lets no value become another parameter", () => {
  const keys = [
    "alt",
    "last_etag",
    "recursive",
    "timeout_sec",
    "wait_for_change",
  ];
  const entries = fc.dictionary(
    fc.constantFrom(...keys, "scopes"),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(fc.property(entries, fc.shuffledSubarray(keys), (values, kept) => {
    const text = encodeQuery(new Map(Object.entries(values)), kept);
    assert.match(text, /^(\?[\x21-\x7e]+)?$/);
    assert(!text.includes("#"));
    const expected = kept.filter((key) => key in values)
      .map((key) => [key, values[key]]);
    assert.deepEqual([...new URLSearchParams(text)], expected);
  }));
});

Deno.test("parseQuery() never throws, and knows no key twice", () => {
  const piece = fc.constantFrom(
    "alt",
    "=",
    "&",
    "%",
    "%61",
    "lt",
    "json",
    ";",
    "+",
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    const text = pieces.join("");
    const query = parseQuery(text);
    if (query === undefined) return;
    for (const key of query.keys()) assert.equal(key, "alt");
    const named = text.split("&").filter((pair) => {
      const [key = ""] = pair.split("=");
      return decodeURIComponent(key) === "alt";
    });
    assert.equal(query.size, named.length);
  }));
});
