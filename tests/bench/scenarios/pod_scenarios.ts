import { askFromPods, type PodsCommand } from "../node_command.ts";
import { quantile } from "../quantile.ts";
import { startProgramOnNode } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";

const SIZE = { pods: 110, namespaces: 1_000 };
/** What IAM takes in a region of the same continent, about. */
const IAM_MS = 50;

/** Has so many pods ask one program one after another, in each round other pods. */
async function timeOneByOne(
  { program, rounds, isShort }: Setup,
  { kind, flags }: {
    readonly kind: PodsCommand["kind"];
    readonly flags: readonly string[];
  },
): Promise<readonly (readonly number[])[]> {
  const pods = isShort ? 4 : 40;
  await using running = await startProgramOnNode(program, SIZE, { flags });
  const { node, port } = running;
  const command = { kind, port, pods, accounts: pods, iamMs: IAM_MS };
  const times: (readonly number[])[] = [];
  while (times.length < rounds) {
    times.push((await askFromPods(node, command)).overIamMs);
  }
  return times;
}

const NEW_POD: Scenario = {
  name: "new-pod",
  about:
    "from the event of a new pod to the answer that it waits for, without IAM's time",
  measure: async (setup) => {
    const times = await timeOneByOne(setup, { kind: "new-pods", flags: [] });
    return [
      { what: "median", unit: "ms", values: times.map(middle) },
      {
        what: "p99",
        unit: "ms",
        values: times.map(late),
        target: { most: 5 },
      },
    ];
  },
};

const COLD_MINT: Scenario = {
  name: "cold-mint",
  about: "a token that nobody has asked for yet, without IAM's time",
  measure: async (setup) => {
    const flags = ["--token-prefetch=false"];
    const times = await timeOneByOne(setup, { kind: "known-pods", flags });
    return [
      { what: "median", unit: "ms", values: times.map(middle) },
      { what: "p99", unit: "ms", values: times.map(late) },
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
      await using running = await startProgramOnNode(setup.program, SIZE);
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
        what: "IAM's last answer to the last pod's",
        unit: "ms",
        values: after,
        target: { most: 1_000 },
      },
      {
        what: "first pod's event to the last answer",
        unit: "ms",
        values: whole,
      },
    ];
    return figures;
  },
};

function middle(times: readonly number[]): number {
  return quantile(times, 0.5);
}

function late(times: readonly number[]): number {
  return quantile(times, 0.99);
}

/** What pods wait for. */
export const POD_SCENARIOS: readonly Scenario[] = [NEW_POD, COLD_MINT, BURST];
