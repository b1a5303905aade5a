import { contenderFor } from "../contender_for.ts";
import { measureIdle, SETTLING_MS } from "../idle_programs.ts";
import { fitLine, mean, type Point } from "../line_fit.ts";
import { chooseLoadTool } from "../load_tool.ts";
import { askRightly, TOKEN_QUESTION } from "../metadata_request.ts";
import { askSteadily } from "../pod_load.ts";
import {
  forgetPeak,
  type ProcessMemory,
  readMemory,
} from "../process_memory.ts";
import { startProgramOnNode } from "../running_program.ts";
import type { Scenario } from "../scenario.ts";
import { sleep } from "../sleep.ts";
import { USUAL_NODE } from "../usual_node.ts";

const LARGE = { pods: 256, namespaces: 10_000 };
const REQUESTS_PER_SECOND = 500;

const IDLE: Scenario = {
  name: "memory",
  about: "memory of a program that nobody asks",
  measure: async (setup) => {
    const { memory } = await measureIdle(setup, USUAL_NODE);
    const large = await measureIdle(setup, LARGE);
    return [
      {
        what: "Idle RSS, 110 pods, 1,000 namespaces",
        unit: "MiB",
        values: memory.map(({ rss }) => rss),
        target: { most: 75 },
      },
      {
        what: "Peak since the start, 110 pods, 1,000 namespaces",
        unit: "MiB",
        values: memory.map(({ peak }) => peak),
      },
      {
        what: "Idle RSS, 256 pods, 10,000 namespaces",
        unit: "MiB",
        values: large.memory.map(({ rss }) => rss),
      },
      {
        what: "Peak since the start, 256 pods, 10,000 namespaces",
        unit: "MiB",
        values: large.memory.map(({ peak }) => peak),
      },
    ];
  },
};

const STEADY: Scenario = {
  name: "memory-load",
  about:
    "memory at 500 requests/s from 110 pods; for 20 s, or 10 min with --whole",
  measure: async ({ program, rounds, isShort, isWhole }) => {
    const seconds = isShort ? 2 : isWhole ? 600 : 20;
    const memory: ProcessMemory[] = [];
    // The long form is long enough to see by itself whether anything grows.
    while (memory.length < (isWhole ? 1 : rounds)) {
      await using running = await startProgramOnNode(program, USUAL_NODE);
      const { port, pid } = running;
      await sleep(isShort ? 0 : 1_000);
      await forgetPeak(pid);
      await askSteadily({
        port,
        pods: USUAL_NODE.pods,
        requestsPerSecond: REQUESTS_PER_SECOND,
        seconds,
      });
      memory.push(await readMemory(pid));
    }
    return [
      {
        what: `Peak, ${REQUESTS_PER_SECOND} requests/s for ${seconds} s`,
        unit: "MiB",
        values: memory.map(({ peak }) => peak),
        target: { most: 100 },
      },
      {
        what: `RSS, ${REQUESTS_PER_SECOND} requests/s for ${seconds} s`,
        unit: "MiB",
        values: memory.map(({ rss }) => rss),
      },
    ];
  },
};

const MANY: Scenario = {
  name: "memory-million",
  about: "how memory grows over 1,000,000 requests for a token, in one run",
  measure: async ({ program, isShort }) => {
    const total = isShort ? 20_000 : 1_000_000;
    const of = `${total.toLocaleString("en")} requests`;
    const tool = await chooseLoadTool();
    await using running = await startProgramOnNode(program, USUAL_NODE);
    await sleep(isShort ? 0 : SETTLING_MS);
    await askRightly(running.port, TOKEN_QUESTION);
    const { pid, load } = contenderFor(running, {
      name: "program",
      question: TOKEN_QUESTION,
    });
    const seen: Point[] = [];
    for (let asked = 0; asked < total || seen.length < 3;) {
      const { requests } = await tool.run({
        ...load,
        seconds: isShort ? 1 : 2,
      });
      asked += requests;
      // Caches and what is compiled on the way have their size by a fifth.
      if (asked < total / 5) continue;
      seen.push({ x: asked / 1e6, y: (await readMemory(pid)).rss });
    }
    const { slope, slopeError } = fitLine(seen);
    const rss = seen.map(({ y }) => y);
    const quarter = Math.ceil(rss.length / 4);
    return [
      {
        what: `RSS growth over ${of} (one run)`,
        unit: "MiB",
        values: [mean(rss.slice(-quarter)) - mean(rss.slice(0, quarter))],
        target: { most: 5 },
      },
      {
        what: `Slope of RSS over ${of}, each 1,000,000 (one run)`,
        unit: "MiB",
        values: [slope],
      },
      {
        what: "Standard error of that slope",
        unit: "MiB",
        values: [slopeError],
      },
      { what: `RSS after ${of} (one run)`, unit: "MiB", values: rss.slice(-1) },
    ];
  },
};

/** What the program takes of memory. */
export const MEMORY_SCENARIOS: readonly Scenario[] = [IDLE, STEADY, MANY];
