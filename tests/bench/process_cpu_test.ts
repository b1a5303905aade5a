import assert from "node:assert/strict";
import { parseCpuSeconds } from "./process_cpu.ts";
import { sumTree } from "./process_tree.ts";

Deno.test("process CPU: own and children's time, whatever the name holds", () => {
  const stat =
    "812 (a ) R 9 (b) S 1 812 812 0 -1 4194560 9 8 7 6 150 25 30 5 20 0 9 0 77 1";
  assert.equal(parseCpuSeconds(stat), 2.1);
});

Deno.test("process CPU: a line that holds none is no zero", () => {
  assert.throws(() => parseCpuSeconds("812 (deno) S 1 2"), /No times/);
});

Deno.test("process CPU: a tree is all below its top, and nothing else", () => {
  const stat = (parent: number, ticks: number): string =>
    `7 (x (1) y) S ${parent} 1 1 0 -1 4 9 8 7 6 ${ticks} 0 0 0 20 0`;
  const stats = new Map([
    [10, stat(1, 100)],
    [11, stat(10, 200)],
    [12, stat(11, 400)],
    [13, stat(1, 800)],
    [14, ""],
  ]);
  assert.equal(sumTree(stats, 10), 7);
  assert.equal(sumTree(stats, 11), 6);
  assert.throws(() => sumTree(stats, 14), /No times/);
});
