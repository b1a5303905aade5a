import assert from "node:assert/strict";
import { helpText } from "../../src/config/help_text.ts";
import { OPTIONS } from "../../src/config/schema.ts";

Deno.test("helpText() names each option's flag, type, key and default", () => {
  const text = helpText().replace(/\s+/g, " ");
  for (const { flag, kind, path, shorthand } of OPTIONS) {
    const type = kind.isSwitch ? " " : ` <${kind.type}> `;
    assert(text.includes(` --${flag}${type}`), flag);
    assert(text.includes(`(${path}, `), path);
    if (shorthand !== undefined) assert(text.includes(` --${shorthand.flag} `));
  }
  assert(text.includes("(server.port, default 8181)"));
  assert(text.includes("(backoff.maxElapsed, default 2s)"));
  assert(text.includes("(kubernetes.apiServer, not set)"));
});

Deno.test("helpText() names the flags that are no options", () => {
  for (const flag of ["--config <file>", "-h, --help", "--version"]) {
    assert(helpText().includes(`\n  ${flag}\n`));
  }
});

Deno.test("helpText() groups the flags by section, in the file's order", () => {
  const headings = helpText().match(/^[a-z]+$/gm);
  const sections = OPTIONS.map(({ path }) => path.split(".")[0]);
  assert.deepEqual(headings, ["general", ...new Set(sections)]);
});

Deno.test("helpText() keeps to 80 columns", () => {
  for (const line of helpText().split("\n")) {
    assert(line.length <= 81, line);
  }
});

Deno.test("helpText() lists commands that it is given", () => {
  const text = helpText([{ usage: "config check FILE", description: "Check" }]);
  assert(text.includes("\n  config check FILE\n      Check\n"));
  assert(!helpText().includes("Commands"));
});
