import assert from "node:assert/strict";
import { createStyle, showControls } from "../../src/cli/style.ts";

Deno.test("createStyle() colours only where colours can be shown", () => {
  assert.equal(
    createStyle({ useColor: true })("no", "bad"),
    "\x1b[31mno\x1b[0m",
  );
  assert.equal(createStyle({ useColor: false })("no", "bad"), "no");
});

Deno.test("createStyle() lets no text reach the terminal's controls", () => {
  const text = "a\x1b[2J\x9b1m\r\nb\x7f";
  assert.equal(
    createStyle({ useColor: false })(text, "good"),
    "a\\x1b[2J\\x9b1m\\x0d\\x0ab\\x7f",
  );
  assert.equal(showControls("a\u202eb"), "a\\u{202e}b");
  assert.equal(showControls("plain é ✓"), "plain é ✓");
});
