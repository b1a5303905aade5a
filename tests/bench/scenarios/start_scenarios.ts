import {
  type EmulatedNode,
  startEmulatedNode,
} from "../emulated_node_process.ts";
import { measureIdle } from "../idle_programs.ts";
import { accessToken, askAsPod, TOKEN } from "../../pod_client.ts";
import { podAddress } from "../pod_address.ts";
import {
  type SpawnedProgram,
  spawnProgram,
  startProgram,
} from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { sleep } from "../sleep.ts";
import { USUAL_NODE } from "../usual_node.ts";

const PAUSE_MS = 1;
const MOST_MS = 10_000;

const START: Scenario = {
  name: "start",
  about: "from the start to ready, with 110 pods and 1,000 namespaces",
  measure: async (setup) => [{
    what: "Start to ready, 110 pods, 1,000 namespaces",
    unit: "ms",
    values: await eachRound(setup, async (node) => {
      await using running = await startProgram(setup.program, node);
      return running.readyMs;
    }),
    target: { most: 500 },
  }],
};

const RESTART: Scenario = {
  name: "restart",
  about: "from the start to the first token of a pod that asks over and over",
  measure: async (setup) => [{
    what: "Start to the first token",
    unit: "ms",
    values: await eachRound(setup, async (node) => {
      await using spawned = await spawnProgram(setup.program, node);
      return await untilServed(spawned) - spawned.startedMs;
    }),
  }],
};

const GROWTH: Scenario = {
  name: "growth",
  about: "memory and start with more and more pods and namespaces",
  measure: async (setup) => {
    const few = setup.isShort ? 1 : Infinity;
    const pods = [10, 100, 250].slice(0, few);
    const namespaces = [100, 10_000].slice(0, few);
    const figures: Figure[] = [];
    for (
      const size of [
        ...pods.map((pods) => ({ pods, namespaces: 1_000 })),
        ...namespaces.map((namespaces) => ({ pods: 100, namespaces })),
      ]
    ) {
      const { readyMs, memory } = await measureIdle(setup, size);
      const of = `${size.pods} pods, ${
        size.namespaces.toLocaleString("en")
      } namespaces`;
      figures.push(
        {
          what: `RSS, ${of}`,
          unit: "MiB",
          values: memory.map(({ rss }) => rss),
        },
        { what: `Start to ready, ${of}`, unit: "ms", values: readyMs },
      );
    }
    return figures;
  },
};

/** Measures once a round, against the same emulators. */
async function eachRound(
  { rounds }: Setup,
  measure: (node: EmulatedNode) => Promise<number>,
): Promise<readonly number[]> {
  await using node = await startEmulatedNode(USUAL_NODE);
  const values: number[] = [];
  while (values.length < rounds) values.push(await measure(node));
  return values;
}

/** Gives when a pod had its first token, as `performance.now()` tells time. */
async function untilServed(
  { port, hasEnded, startedMs }: SpawnedProgram,
): Promise<number> {
  let last = "";
  while (!hasEnded() && performance.now() < startedMs + MOST_MS) {
    try {
      const answer = await askAsPod(port, { from: podAddress(0), path: TOKEN });
      if (answer.status === 200 && accessToken(answer) !== "") {
        return performance.now();
      }
      last = `${answer.status} ${answer.body}`;
    } catch (error) {
      last = String(error);
    }
    await sleep(PAUSE_MS);
  }
  throw new Error(`No token within ${MOST_MS} ms: ${last}`);
}

/** How soon the program is there, and how that grows. */
export const START_SCENARIOS: readonly Scenario[] = [START, RESTART, GROWTH];
