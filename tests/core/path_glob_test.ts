import assert from "node:assert/strict";
import fc from "fast-check";
import { PathGlob } from "../../src/core/path_glob.ts";

Deno.test("PathGlob.matches() keeps * in one segment and lets ** cross", async (t) => {
  const cases = [
    { pattern: "a/b", yes: ["a/b"], no: ["a", "a/b/c", "a/c", "A/b"] },
    { pattern: "a/*", yes: ["a/b", "a/"], no: ["a", "a/b/c"] },
    { pattern: "*/b", yes: ["a/b", "/b"], no: ["b", "a/a/b"] },
    { pattern: "a/b*", yes: ["a/b", "a/bc"], no: ["a/b/c", "a/ab"] },
    { pattern: "a/[bc]", yes: ["a/b", "a/c"], no: ["a/d", "a/[bc]"] },
    { pattern: "a/?", yes: ["a/b"], no: ["a/", "a/bc", "a/b/"] },
    { pattern: "a/**", yes: ["a", "a/b", "a/b/c"], no: ["b", "ab", "ab/c"] },
    { pattern: "**/b", yes: ["b", "a/b", "a/a/b"], no: ["a", "a/b/c", "ab"] },
    {
      pattern: "a/**/c",
      yes: ["a/c", "a/b/c", "a/b/b/c"],
      no: ["a", "ac", "a/b"],
    },
    { pattern: "**", yes: ["", "a", "a/b/c"], no: [] },
    { pattern: "**/**", yes: ["", "a", "a/b/c"], no: [] },
    { pattern: "**/a/**", yes: ["a", "b/a", "a/b", "b/a/c"], no: ["b", "ab"] },
    { pattern: "a**", yes: ["a", "ab"], no: ["a/b"] },
    { pattern: "*/**", yes: ["a", "a/b"], no: [] },
    { pattern: "a/[b", yes: [], no: ["a/[b", "a/b", "a"] },
    { pattern: "a/[b/c]", yes: [], no: ["a/b", "a//", "a/[b/c]"] },
  ];
  for (const { pattern, yes, no } of cases) {
    await t.step(pattern, () => {
      const glob = new PathGlob(pattern);
      for (const path of yes) assert(glob.matches(path), path);
      for (const path of no) assert(!glob.matches(path), path);
    });
  }
});

const SEGMENTS: Readonly<Record<string, readonly string[]>> = {
  a: ["a"],
  b: ["b"],
  "*": ["a", "b", "ab"],
  "a*": ["a", "ab"],
  "?": ["a", "b"],
};

function matchesNaively(
  pattern: readonly string[],
  path: readonly string[],
): boolean {
  const [step, ...rest] = pattern;
  if (step === undefined) return path.length === 0;
  if (step === "**") {
    return path.some((_, skipped) =>
      matchesNaively(rest, path.slice(skipped))
    ) ||
      matchesNaively(rest, []);
  }
  const [segment, ...below] = path;
  return segment !== undefined && (SEGMENTS[step] ?? []).includes(segment) &&
    matchesNaively(rest, below);
}

Deno.test("PathGlob.matches() agrees with a matcher that tries everything", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("**", ...Object.keys(SEGMENTS)), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 6 }),
      (pattern, path) => {
        assert.equal(
          new PathGlob(pattern.join("/")).matches(path.join("/")),
          matchesNaively(pattern, path),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("PathGlob.matches() ends on hostile patterns, for its steps are bounded", () => {
  const glob = new PathGlob(`${"**/a/".repeat(300)}b`);
  assert(!glob.matches(Array(600).fill("a").join("/")));
  assert(glob.matches([...Array(600).fill("a"), "b"].join("/")));
});
