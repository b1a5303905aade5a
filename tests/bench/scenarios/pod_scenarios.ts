import { Latencies } from "../latencies.ts";
import { askFromPods, type PodsCommand } from "../node_command.ts";
import { startProgramOnNode } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { USUAL_NODE } from "../usual_node.ts";

/** What IAM takes in a region of the same continent, about. */
const IAM_MS = 50;

/** Has pods ask one program one after another, in each round other pods. */
async function timeOneByOne(
  { program, rounds, isShort }: Setup,
  { kind, flags }: {
    readonly kind: PodsCommand["kind"];
    readonly flags: readonly string[];
  },
): Promise<Rounds> {
  const pods = isShort ? 4 : 40;
  await using running = await startProgramOnNode(program, USUAL_NODE, {
    flags,
  });
  const { node, port } = running;
  const command = { kind, port, pods, accounts: pods, iamMs: IAM_MS };
  const p50: number[] = [];
  const p99: number[] = [];
  while (p50.length < rounds) {
    const latencies = new Latencies();
    const { overIamMs } = await askFromPods(node, command);
    for (const ms of overIamMs) latencies.add(ms);
    const [half = NaN, most = NaN] = latencies.percentiles([0.5, 0.99]);
    p50.push(half);
    p99.push(most);
  }
  return { p50, p99 };
}

/** One value of each round. */
interface Rounds {
  readonly p50: readonly number[];
  readonly p99: readonly number[];
}

const NEW_POD: Scenario = {
  name: "new-pod",
  about:
    "from the event of a new pod to the answer that it waits for, without IAM's time",
  measure: async (setup) => {
    const { p50, p99 } = await timeOneByOne(setup, {
      kind: "new-pods",
      flags: [],
    });
    const what = "New pod, event to answer over IAM's time";
    return [
      { what: `${what}: p50`, unit: "ms", values: p50 },
      { what: `${what}: p99`, unit: "ms", values: p99, target: { most: 5 } },
    ];
  },
};

const COLD_MINT: Scenario = {
  name: "cold-mint",
  about: "a token that nobody has asked for yet, without IAM's time",
  measure: async (setup) => {
    const { p50, p99 } = await timeOneByOne(setup, {
      kind: "known-pods",
      flags: ["--token-prefetch=false"],
    });
    const what = "Cold token over IAM's time";
    return [
      { what: `${what}: p50`, unit: "ms", values: p50 },
      { what: `${what}: p99`, unit: "ms", values: p99 },
    ];
  },
};

const BURST: Scenario = {
  name: "burst",
  about: "500 pods with 20 accounts that are created, and ask, at once",
  measure: async (setup) => {
    const pods = setup.isShort ? 100 : 500;
    const after: number[] = [];
    const whole: number[] = [];
    while (whole.length < setup.rounds) {
      await using running = await startProgramOnNode(setup.program, USUAL_NODE);
      const { overIamMs, wholeMs } = await askFromPods(running.node, {
        kind: "burst",
        port: running.port,
        pods,
        accounts: 20,
        iamMs: IAM_MS,
      });
      after.push(Math.max(...overIamMs));
      whole.push(wholeMs);
    }
    const figures: readonly Figure[] = [
      {
        what: `${pods} pods at once: last answer after IAM's last`,
        unit: "ms",
        values: after,
        target: { most: 1_000 },
      },
      {
        what: `${pods} pods at once: first event to last answer`,
        unit: "ms",
        values: whole,
      },
    ];
    return figures;
  },
};

/** What pods wait for. */
export const POD_SCENARIOS: readonly Scenario[] = [NEW_POD, COLD_MINT, BURST];
