import assert from "node:assert/strict";
import { type Contender, takeTurns } from "./contender.ts";
import type { Load, LoadTool } from "./load.ts";
import { ratioFigure, turnFigures } from "./turn_figures.ts";

const contender = (name: string, port: number): Contender => ({
  name,
  pid: Deno.pid,
  load: {
    port,
    path: "/",
    headers: {},
    connections: 1,
    isKeptAlive: true,
    status: 200,
  },
});
const ONE = contender("One", 1);
const CONTENDERS = [ONE, contender("Other", 2)];
const OPTIONS = { rounds: 2, seconds: 2 };

/** Answers each load by how many there have been, ten times as many to the second port. */
function createTool(loads: Load[]): LoadTool {
  return {
    name: "fake",
    run: (load) => {
      loads.push(load);
      const requestsPerSecond = loads.length * (load.port === 2 ? 10 : 1);
      return Promise.resolve({
        requests: 1,
        requestsPerSecond,
        p50Ms: 1,
        p99Ms: 2,
      });
    },
  };
}

Deno.test("contenders: warm up, then take turns, in turned order each second round", async () => {
  const loads: Load[] = [];
  await takeTurns(CONTENDERS, { ...OPTIONS, tool: createTool(loads) });
  assert.deepEqual(loads.map(({ port, seconds }) => [port, seconds]), [
    ...[[1, 1], [2, 1]],
    ...[[1, 2], [2, 2]],
    ...[[2, 2], [1, 2]],
  ]);
});

Deno.test("contenders: the turns of each are its own, and compared round by round", async () => {
  const [turns = [], limits = []] = await takeTurns(CONTENDERS, {
    ...OPTIONS,
    tool: createTool([]),
  });
  const [throughput] = turnFigures("One", turns);
  assert.deepEqual(throughput, {
    what: "One: throughput",
    unit: "requests/s",
    values: [3, 6],
  });
  assert.deepEqual(
    ratioFigure({
      what: "ratio",
      of: "requestsPerSecond",
      turns,
      limits,
      target: { least: 1 },
    }),
    {
      what: "ratio",
      unit: "ratio",
      values: [3 / 40, 6 / 50],
      target: { least: 1 },
    },
  );
});

Deno.test("contenders: their share of a core tells who was at the limit", () => {
  const turn = { requestsPerSecond: 20_000, p50Ms: 1, p99Ms: 1, cpuMicros: 25 };
  assert.deepEqual(turnFigures("One", [turn]).at(-1), {
    what: "One: share of a core",
    unit: "%",
    values: [50],
  });
});

Deno.test("contenders: who answers wrongly is named", async () => {
  const tool: LoadTool = {
    name: "fake",
    run: ({ port }) =>
      port === 2
        ? Promise.reject(new Error("403"))
        : createTool([]).run({ ...ONE.load, seconds: 1 }),
  };
  await assert.rejects(
    takeTurns(CONTENDERS, { ...OPTIONS, tool }),
    /^Error: Other does not answer as it should$/,
  );
});
