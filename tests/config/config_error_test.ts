import assert from "node:assert/strict";
import { ConfigError, issueAt } from "../../src/config/config_error.ts";

Deno.test("ConfigError prints one line an issue, and keeps the issues and the cause", () => {
  const issues = [
    { source: "a.yaml", line: 1, column: 2, path: "server.port", message: "m" },
    { source: "--node", path: "", message: "n" },
  ];
  const cause = new Error("below");
  const error = new ConfigError(issues, { cause });
  assert.equal(error.message, "a.yaml:1:2: server.port: m\n--node: n");
  assert.deepEqual(error.issues, issues);
  assert.equal(error.cause, cause);
});

Deno.test("issueAt() takes the place from the origin", () => {
  const what = { path: "p", message: "m" };
  assert.deepEqual(issueAt({ kind: "default" }, what), {
    source: "default",
    ...what,
  });
  assert.deepEqual(
    issueAt({ kind: "file", file: "f", line: 3, column: 4 }, what),
    { source: "f", line: 3, column: 4, ...what },
  );
  assert.deepEqual(issueAt({ kind: "flag", flag: "--x" }, what).source, "--x");
  assert.deepEqual(
    issueAt({ kind: "environment", name: "X" }, what).source,
    "X",
  );
});
