import assert from "node:assert/strict";
import { parseCpuSeconds } from "./bench/process_cpu.ts";

Deno.test("process CPU: own and children's time, whatever the name holds", () => {
  const stat =
    "812 (a ) R 9 (b) S 1 812 812 0 -1 4194560 9 8 7 6 150 25 30 5 20 0 9 0 77 1";
  assert.equal(parseCpuSeconds(stat), 2.1);
});

Deno.test("process CPU: a line that holds none is no zero", () => {
  assert.throws(() => parseCpuSeconds("812 (deno) S 1 2"), /No times/);
});
