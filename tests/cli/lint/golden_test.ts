import assert from "node:assert/strict";
import { runCommand } from "../../../src/cli/command.ts";
import { LINT_COMMAND } from "../../../src/cli/lint.ts";
import { RULES } from "../../../src/cli/lint/finding.ts";
import { recordIo } from "../recorded_io.ts";

const FOLDER = new URL("../../testdata/lint/", import.meta.url);

async function readGolden(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, FOLDER));
}

const MANIFESTS = await readGolden("findings.yaml");

const FORMS = [
  { golden: "findings.txt", args: [], useColor: false },
  { golden: "findings.color.txt", args: [], useColor: true },
  { golden: "findings.json", args: ["-o", "json"], useColor: true },
] as const;

for (const { golden, args, useColor } of FORMS) {
  Deno.test(`lint writes ${golden}`, async () => {
    const readInput = (): Promise<string> => Promise.resolve(MANIFESTS);
    const io = recordIo({ useColor, readInput });
    const code = await runCommand(LINT_COMMAND, args, io);
    assert.equal(code, 3);
    assert.equal(io.errText(), "");
    assert.equal(io.outText(), await readGolden(golden));
  });
}

Deno.test("the golden outputs show every finding there is", async () => {
  const { findings } = JSON.parse(await readGolden("findings.json"));
  const found = new Set(findings.map(({ rule }: { rule: string }) => rule));
  assert.deepEqual(RULES.filter((rule) => !found.has(rule)), []);
});

Deno.test("no text of a manifest reaches the terminal's controls", async () => {
  for (const { golden, useColor } of FORMS) {
    const text = (await readGolden(golden)).replaceAll("\n", "");
    // deno-lint-ignore no-control-regex
    const rest = useColor ? text.replace(/\x1b\[\d+m/g, "") : text;
    assert.doesNotMatch(rest, /[\p{Cc}\p{Cf}]/u, golden);
  }
});
