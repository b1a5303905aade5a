import assert from "node:assert/strict";
import { takeOptions } from "../../src/cli/take_options.ts";
import { FLAG_TARGETS } from "../../src/config/flag_target.ts";
import { helpText } from "../../src/config/help_text.ts";
import { parseFlags } from "../../src/config/parse_flags.ts";
import { COMMANDS, main } from "../../src/main.ts";
import { recordIo } from "./recorded_io.ts";

/** Command lines of this program in a help text, long ones joined. */
function examplesOf(help: string): readonly string[] {
  const [, examples = ""] = help.replaceAll(/\\\n\s*/g, "")
    .split(/^Examples:\n/m);
  const [block = ""] = examples.split("\n\n");
  return [...block.matchAll(/\bsaassigner ([^|>)\n]*)/g)].map((
    [, words = ""],
  ) => words.trim());
}

async function helpOf(...args: readonly string[]): Promise<string> {
  const io = recordIo();
  const code = await main([...args, "--help"], io, {
    stop: AbortSignal.abort(),
  });
  assert.deepEqual([code, io.errText()], [0, ""]);
  return io.outText();
}

Deno.test("--help of every command shows examples that the program understands", async (t) => {
  for (const { command } of COMMANDS) {
    const { name, options = {}, subcommands = [] } = command;
    await t.step(name, async () => {
      const examples = examplesOf(await helpOf(name))
        .filter((example) => example.startsWith(name));
      assert.ok(examples.length > 0);
      for (const example of examples) {
        const [, ...args] = example.split(" ");
        if (subcommands.length > 0) {
          assert.ok(subcommands.includes(args[0] ?? ""), example);
        }
        const { rest } = takeOptions(args, options);
        assert.deepEqual(parseFlags(rest).issues, [], example);
      }
    });
  }
  await t.step("the daemon", () => {
    const examples = examplesOf(helpText());
    assert.equal(examples.length, 2);
    for (const example of examples) {
      const { issues, positionals } = parseFlags(example.split(" "));
      assert.deepEqual([issues, positionals], [[], []], example);
    }
  });
});

Deno.test("--help of every command names only flags that it completes", async (t) => {
  for (const { command } of COMMANDS) {
    await t.step(command.name, async () => {
      const [usage = ""] = (await helpOf(command.name)).split("Examples:");
      const named = [...usage.matchAll(/--([a-z][a-z-]*)/g)].map(([, flag]) =>
        flag ?? ""
      );
      const own = Object.keys(command.options ?? {});
      assert.deepEqual(
        named.filter((flag) => !FLAG_TARGETS.has(flag) && !own.includes(flag)),
        [],
      );
      assert.deepEqual(own.filter((flag) => !named.includes(flag)), []);
    });
  }
});
