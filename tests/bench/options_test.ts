import assert from "node:assert/strict";
import { type Options, OptionsError, readOptions, usage } from "./options.ts";

const KNOWN = ["warm-token-16", "email"].map((name) => ({
  name,
  about: `About ${name}`,
  measure: () => Promise.resolve([]),
}));
const namesIn = ({ scenarios }: Options): readonly string[] =>
  scenarios.map(({ name }) => name);

Deno.test("options: all scenarios five times, or once if it is to be short", () => {
  const options = readOptions([], KNOWN);
  assert.deepEqual(namesIn(options), ["warm-token-16", "email"]);
  assert.equal(options.rounds, 5);
  assert.ok(!options.isShort && !options.isWhole);
  assert.ok(readOptions(["--whole"], KNOWN).isWhole);
  assert.equal(readOptions(["--short"], KNOWN).rounds, 1);
  assert.ok(readOptions(["--short"], KNOWN).isShort);
  assert.equal(readOptions(["--short", "--rounds=2"], KNOWN).rounds, 2);
});

Deno.test("options: chosen scenarios, a file and README", () => {
  const options = readOptions(
    ["email", "--rounds", "7", "--json", "out.json", "--readme"],
    KNOWN,
  );
  assert.deepEqual(namesIn(options), ["email"]);
  assert.equal(options.rounds, 7);
  assert.equal(options.json, "out.json");
  assert.ok(options.writesReadme);
  assert.ok(!options.asksHelp);
});

Deno.test("options: an unknown scenario is told with all there are", () => {
  assert.throws(() => readOptions(["warm-token-15"], KNOWN), (error) => {
    assert.ok(error instanceof OptionsError);
    assert.match(error.message, /no scenario "warm-token-15"; did you mean/);
    assert.match(error.message, /^ {2}email {10}About email$/m);
    return true;
  });
});

Deno.test("options: wrong values and unknown options are wrong usage", () => {
  for (
    const args of [
      ["--rounds=0"],
      ["--rounds=1.5"],
      ["--rounds=x"],
      ["--json"],
      ["--fast"],
      ["--short", "--readme"],
    ]
  ) assert.throws(() => readOptions(args, KNOWN), OptionsError, args.join(" "));
});

Deno.test("options: the help lists the scenarios", () => {
  assert.match(usage(KNOWN), /^ {2}warm-token-16 {2}About warm-token-16$/m);
});
