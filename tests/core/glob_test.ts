import assert from "node:assert/strict";
import fc from "fast-check";
import { ACCOUNT_EMAILS } from "../../src/core/account.ts";
import { Glob } from "../../src/core/glob.ts";

Deno.test("Glob.matches() follows the syntax", async (t) => {
  const cases = [
    {
      name: "literal",
      pattern: "abc",
      yes: ["abc"],
      no: ["ab", "abcd", "Abc", ""],
    },
    { name: "empty", pattern: "", yes: [""], no: ["a"] },
    { name: "star", pattern: "*", yes: ["", "a", "a/b", "*", "\n"], no: [] },
    { name: "stars", pattern: "***", yes: ["", "abc"], no: [] },
    { name: "prefix", pattern: "ab*", yes: ["ab", "abc"], no: ["a", "xab"] },
    { name: "suffix", pattern: "*ab", yes: ["ab", "cab", "abab"], no: ["aba"] },
    {
      name: "middle",
      pattern: "a*b",
      yes: ["ab", "aab", "abb"],
      no: ["a", "ba"],
    },
    {
      name: "several stars",
      pattern: "*a*b*",
      yes: ["ab", "xaybz"],
      no: ["ba"],
    },
    { name: "overlap", pattern: "aa*aa", yes: ["aaaa", "aaaaa"], no: ["aaa"] },
    { name: "question mark", pattern: "a?c", yes: ["abc", "a?c"], no: ["ac"] },
    {
      name: "astral character is one",
      pattern: "?",
      yes: ["\u{1F600}"],
      no: ["ab"],
    },
    {
      name: "class",
      pattern: "[abc]",
      yes: ["a", "c"],
      no: ["d", "", "ab", "[abc]"],
    },
    {
      name: "range",
      pattern: "[a-c]",
      yes: ["a", "b", "c"],
      no: ["d", "-", "A"],
    },
    {
      name: "two ranges",
      pattern: "[a-c0-9]",
      yes: ["b", "5"],
      no: ["d", "-"],
    },
    { name: "negated by !", pattern: "[!a]", yes: ["b", "!"], no: ["a", ""] },
    { name: "negated by ^", pattern: "[^a]", yes: ["b", "^"], no: ["a", ""] },
    { name: "! inside", pattern: "[a!]", yes: ["a", "!"], no: ["b"] },
    { name: "dash first", pattern: "[-a]", yes: ["-", "a"], no: ["b"] },
    { name: "dash last", pattern: "[a-]", yes: ["-", "a"], no: ["b"] },
    { name: "] first", pattern: "[]a]", yes: ["]", "a"], no: ["b"] },
    { name: "] first, negated", pattern: "[!]a]", yes: ["b"], no: ["]", "a"] },
    { name: "escaped ]", pattern: "[a\\]b]", yes: ["a", "]", "b"], no: ["\\"] },
    {
      name: "escaped dash",
      pattern: "[a\\-c]",
      yes: ["a", "-", "c"],
      no: ["b"],
    },
    {
      name: "range to escaped",
      pattern: "[+-\\]]",
      yes: ["+", "]", "A"],
      no: ["a"],
    },
    { name: "[ in a class", pattern: "[[]", yes: ["["], no: ["a"] },
    { name: "* in a class", pattern: "[*]", yes: ["*"], no: ["a", ""] },
    { name: "escaped star", pattern: "a\\*", yes: ["a*"], no: ["ab", "a\\*"] },
    { name: "escaped backslash", pattern: "\\\\", yes: ["\\"], no: ["\\\\"] },
    { name: "escaped letter", pattern: "\\a", yes: ["a"], no: ["\\a"] },
    {
      name: "braces are literal",
      pattern: "{a,b}",
      yes: ["{a,b}"],
      no: ["a", "b"],
    },
    {
      name: "leading ! is literal",
      pattern: "!a",
      yes: ["!a"],
      no: ["a", "b"],
    },
    { name: "bare ] is literal", pattern: "a]", yes: ["a]"], no: ["a"] },
    { name: "dot is literal", pattern: "a.c", yes: ["a.c"], no: ["abc"] },
    {
      name: "line ends are no ends",
      pattern: "a",
      yes: ["a"],
      no: ["a\n", "b\na"],
    },
  ];
  for (const { name, pattern, yes, no } of cases) {
    await t.step(name, () => {
      const glob = new Glob(pattern);
      assert.equal(glob.source, pattern);
      assert(glob.isWellFormed);
      for (const text of yes) assert(glob.matches(text), JSON.stringify(text));
      for (const text of no) assert(!glob.matches(text), JSON.stringify(text));
    });
  }
});

Deno.test("Glob.matches() matches nothing if ill-formed", () => {
  const patterns = [
    "[",
    "[a",
    "[]",
    "[!]",
    "[^]",
    "[!",
    "[a\\]",
    "[a\\",
    "[z-a]",
    "[a-\\",
    "\\",
    "a\\",
    "*[",
    "*\\",
    "**[b-a]**",
  ];
  for (const pattern of patterns) {
    const glob = new Glob(pattern);
    assert(!glob.isWellFormed, pattern);
    for (const text of ["", "a", pattern, "]", "!"]) {
      assert(!glob.matches(text), `${pattern} ${text}`);
    }
  }
});

interface Token {
  readonly text: string;
  /** Characters that it stands for; `undefined` is any run. */
  readonly chars: string | undefined;
}

const TOKENS: readonly Token[] = [
  { text: "*", chars: undefined },
  { text: "?", chars: "ab*" },
  { text: "a", chars: "a" },
  { text: "b", chars: "b" },
  { text: "\\*", chars: "*" },
  { text: "[ab]", chars: "ab" },
  { text: "[!a]", chars: "b*" },
  { text: "[^b*]", chars: "a" },
  { text: "[a-b]", chars: "ab" },
];

function matchesNaively(tokens: readonly Token[], text: string): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) return text === "";
  if (token.chars === undefined && matchesNaively(rest, text)) return true;
  const [char] = text;
  if (char === undefined) return false;
  if (token.chars === undefined) return matchesNaively(tokens, text.slice(1));
  return token.chars.includes(char) && matchesNaively(rest, text.slice(1));
}

Deno.test("Glob.matches() agrees with a matcher that tries everything", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...TOKENS), { maxLength: 7 }),
      fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 }),
      (tokens, text) => {
        const pattern = tokens.map((token) => token.text).join("");
        assert.equal(
          new Glob(pattern).matches(text),
          matchesNaively(tokens, text),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("Glob.matches() takes every escaped text for itself alone", () => {
  const text = fc.string({ unit: "binary", maxLength: 6 });
  fc.assert(fc.property(text, text, (one, other) => {
    const pattern = Array.from(one, (char) => `\\${char}`).join("");
    const glob = new Glob(pattern);
    assert(glob.matches(one));
    assert.equal(glob.matches(other), one === other);
  }));
});

Deno.test("Glob never throws, whatever the pattern", () => {
  const char = fc.constantFrom(..."ab*?[]!^-\\{}\u{1F600}\ud800");
  const text = fc.string({ unit: char, maxLength: 12 });
  fc.assert(fc.property(text, text, (pattern, subject) => {
    const glob = new Glob(pattern);
    const isMatch = glob.matches(subject);
    assert(glob.isWellFormed || !isMatch);
  }));
});

Deno.test("Glob.matches() ends on hostile patterns, for its steps are bounded", async (t) => {
  // A matcher that tries every star would need some 5,000 over 2,500 steps here.
  const cases = [
    {
      name: "match",
      pattern: "*a".repeat(5_000),
      text: "a".repeat(5_000),
      expected: true,
    },
    {
      name: "no match at the end",
      pattern: "*a".repeat(5_000),
      text: `${"a".repeat(4_999)}b`,
      expected: false,
    },
    {
      name: "one character too few",
      pattern: "*a".repeat(5_000),
      text: "a".repeat(4_999),
      expected: false,
    },
    {
      name: "never the last literal",
      pattern: `${"*a".repeat(2_500)}*b`,
      text: "a".repeat(5_000),
      expected: false,
    },
    {
      name: "long retry",
      pattern: `*${"a".repeat(2_500)}b`,
      text: "a".repeat(5_000),
      expected: false,
    },
    {
      name: "question marks",
      pattern: `${"*?".repeat(5_000)}b`,
      text: "a".repeat(5_000),
      expected: false,
    },
    {
      name: "only stars",
      pattern: "*".repeat(5_000),
      text: "a".repeat(5_000),
      expected: true,
    },
    {
      name: "classes",
      pattern: `${"*[!b]".repeat(2_500)}b`,
      text: "a".repeat(5_000),
      expected: false,
    },
  ];
  for (const { name, pattern, text, expected } of cases) {
    await t.step(name, () => {
      assert(pattern.length * text.length <= 12_500 * 5_000 + 5_000);
      assert.equal(new Glob(pattern).matches(text), expected);
    });
  }
});

Deno.test("Glob.matchesSome() tells which patterns no e-mail can match", async (t) => {
  const cases = [
    ["*", "yes"],
    ["*@*", "yes"],
    ["?*@demo-proj.iam.gserviceaccount.com", "yes"],
    ["[!a]*@a.b", "yes"],
    ["app@a.b", "yes"],
    ["App@a.b", "no"],
    ["serviceAccount:app@a.b", "no"],
    ["serviceaccount:*", "no"],
    ["app", "no"],
    ["*@*@*", "no"],
    ["@a.b", "no"],
    ["app@a", "no"],
    ["app@*[A-Z]", "no"],
    ["", "no"],
    ["[a", "no"],
  ] as const;
  for (const [pattern, expected] of cases) {
    await t.step(pattern || "empty", () => {
      const found = new Glob(pattern).matchesSome(ACCOUNT_EMAILS);
      assert.equal(found ? "yes" : "no", expected);
    });
  }
});

Deno.test("Glob.matchesSome() holds wherever an e-mail matches", () => {
  const emails = fc.stringMatching(/^[a-z0-9]{1,3}@[a-z]{1,2}\.[a-z]{1,2}$/);
  const changes = fc.array(
    fc.constantFrom("same", "*", "?", "[!A]", "*?", "[a-z0-9@.]"),
    { minLength: 20, maxLength: 20 },
  );
  fc.assert(
    fc.property(emails, changes, (email, change) => {
      const source = [...email].map((char, at) => {
        const kind = change[at] ?? "same";
        return kind === "same" ? char : kind;
      });
      const glob = new Glob(source.join(""));
      assert.ok(glob.matches(email) && glob.matchesSome(ACCOUNT_EMAILS));
    }),
    { numRuns: 200 },
  );
});
