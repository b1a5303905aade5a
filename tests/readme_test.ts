import assert from "node:assert/strict";

const ROOT = new URL("..", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

Deno.test("README.md names only tasks that exist", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const named = [...README.matchAll(/\btask ([a-z:0-9]+)/g)].map((
    [, name = ""],
  ) => name);
  assert.ok(named.includes("dev") && named.includes("test"));
  assert.deepEqual(named.filter((name) => !(name in tasks)), []);
});

Deno.test("README.md links only to files that exist", async () => {
  for (const [, target = ""] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    assert.ok(await Deno.stat(new URL(target, ROOT)), target);
  }
});
