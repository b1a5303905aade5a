import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROBE = fileURLToPath(
  new URL("./transport_abort_probe.ts", import.meta.url),
);

Deno.test("Transport.send() ends a body on abort even after a garbage collection", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net=127.0.0.1",
      "--v8-flags=--expose-gc",
      PROBE,
    ],
  }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout), "aborted", text.decode(stderr));
});
