import assert from "node:assert/strict";
import { UsageError } from "../../src/cli/command.ts";
import { takeOptions } from "../../src/cli/take_options.ts";

const OPTIONS = { loud: {}, output: { short: "o", value: "text or json" } };

Deno.test("takeOptions() takes a command's own options, and leaves the others", async (t) => {
  const config = ["--config", "c.yaml", "--debug=false", "file"];
  const cases: readonly (readonly [
    own: readonly string[],
    values: Readonly<Record<string, string>>,
  ])[] = [
    [[], {}],
    [["--loud"], { loud: "" }],
    [["-o", "json"], { output: "json" }],
    [["-ojson"], { output: "json" }],
    [["--output", "json"], { output: "json" }],
    [["--output=--x"], { output: "--x" }],
    [["-o", "text", "--loud", "-o", "json"], { loud: "", output: "json" }],
  ];
  for (const [own, values] of cases) {
    await t.step(own.join(" ") || "none", () => {
      for (const args of [[...own, ...config], [...config, ...own]]) {
        const taken = takeOptions(args, OPTIONS);
        assert.deepEqual(Object.fromEntries(taken.values), values);
        assert.deepEqual(taken.rest, config);
      }
    });
  }
});

Deno.test("takeOptions() takes nothing behind --", () => {
  const args = ["--", "--loud", "-o"];
  assert.deepEqual(takeOptions(args, OPTIONS), {
    values: new Map(),
    rest: args,
  });
});

Deno.test("takeOptions() refuses missing values, and those of switches", () => {
  for (const args of [["-o"], ["--output="], ["--output", "--loud"]]) {
    assert.throws(
      () => takeOptions(args, OPTIONS),
      new UsageError(
        `${args[0]?.replace("=", "")} needs a value; expected text or json`,
      ),
    );
  }
  assert.throws(
    () => takeOptions(["--loud=1"], OPTIONS),
    new UsageError("--loud takes no value"),
  );
});
