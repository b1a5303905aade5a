import assert from "node:assert/strict";
import { createFollowCommand } from "../../src/interception/follow_command.ts";

const follow = createFollowCommand();

Deno.test("followCommand() passes on lines until the signal, and ends the command", async () => {
  const ending = new AbortController();
  const lines: string[] = [];
  await follow("sh", [
    "-c",
    "echo $$; printf 'ein\\nhal'; printf 'b\\n'; exec sleep 600",
  ], {
    onLine(line): void {
      lines.push(line);
      if (line === "halb") ending.abort();
    },
    signal: ending.signal,
  });
  const [pid = "", ...others] = lines;
  assert.deepEqual(others, ["ein", "halb"]);
  assert.throws(() => Deno.kill(Number(pid), "SIGCONT"), Deno.errors.NotFound);
});

Deno.test("followCommand() fails when the command ends by itself, with what it said", async () => {
  const { signal } = new AbortController();
  await assert.rejects(
    follow("sh", ["-c", "echo Operation not permitted >&2; exit 3"], {
      onLine: () => {},
      signal,
    }),
    (error: Error) => {
      assert.equal(error.name, "InterceptionError");
      assert.equal(error.message, "sh has ended by itself");
      assert.match(String(error.cause), /Operation not permitted/);
      return true;
    },
  );
});

Deno.test("followCommand() fails when the command is missing, and starts none too late", async () => {
  const onLine = (): void => {};
  await assert.rejects(
    follow("no-such-command", [], {
      onLine,
      signal: new AbortController().signal,
    }),
    { message: "no-such-command is not installed, or not in PATH" },
  );
  await follow("no-such-command", [], { onLine, signal: AbortSignal.abort() });
});
