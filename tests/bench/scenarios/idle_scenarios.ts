import { startEmulatedNode } from "../emulated_node_process.ts";
import { waitWithin } from "../node_command.ts";
import {
  createNodeNamespace,
  mayMakeNamespaces,
  NODE_ADDRESS,
  type RuleTool,
} from "../node_namespace.ts";
import { readTreeCpuSeconds } from "../process_tree.ts";
import { spawnProgram, startProgram } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { sleep } from "../sleep.ts";
import { USUAL_NODE } from "../usual_node.ts";

/** Rules are looked at every ten seconds. */
const WINDOW_S = 20;
const SETTLING_MS = 5_000;

const IDLE_CPU: Scenario = {
  name: "idle-cpu",
  about:
    "processor time with no request, checks of the rules included where there may be any",
  measure: async (setup) => {
    await using stack = new AsyncDisposableStack();
    const tools: readonly (RuleTool | "none")[] = await mayMakeNamespaces()
      ? ["nftables", "iptables"]
      : ["none"];
    const started: { readonly tool: string; readonly pid: number }[] = [];
    // All at once, for idle ones do not disturb each other.
    for (const tool of tools) {
      for (let round = 0; round < setup.rounds; round += 1) {
        started.push({ tool, pid: await start(tool, setup, stack) });
      }
    }
    await sleep(setup.isShort ? 0 : SETTLING_MS);
    const shares = await watch(
      started.map(({ pid }) => pid),
      setup.isShort ? 2 : WINDOW_S,
    );
    return tools.map((tool): Figure => ({
      what: tool === "none"
        ? "Idle CPU of a core, without rules to check (not root, or tools missing)"
        : `Idle CPU of a core, ${tool} checked`,
      unit: "%",
      values: shares.filter((_, index) => started[index]?.tool === tool),
      target: { most: 1 },
    }));
  },
};

/** Starts a program, ready and with its rules in place, and gives its number. */
async function start(
  tool: RuleTool | "none",
  { program }: Setup,
  stack: AsyncDisposableStack,
): Promise<number> {
  if (tool === "none") {
    const node = stack.use(await startEmulatedNode(USUAL_NODE));
    return stack.use(await startProgram(program, node)).pid;
  }
  const { within, env } = stack.use(await createNodeNamespace(tool));
  const node = stack.use(await startEmulatedNode(USUAL_NODE, within));
  const spawned = stack.use(
    await spawnProgram(program, node, {
      within,
      env,
      flags: [
        "--app-address=0.0.0.0",
        `--interception-backend=${tool}`,
        `--host-ip=${NODE_ADDRESS}`,
      ],
    }),
  );
  await waitWithin(node, spawned.adminPort);
  return spawned.pid;
}

/** Gives how much of a core each process and its children use, in percent. */
async function watch(
  pids: readonly number[],
  seconds: number,
): Promise<readonly number[]> {
  const startedMs = performance.now();
  const before = await Promise.all(pids.map(readTreeCpuSeconds));
  await sleep(seconds * 1_000);
  const after = await Promise.all(pids.map(readTreeCpuSeconds));
  const passedS = (performance.now() - startedMs) / 1_000;
  return after.map((used, index) =>
    (used - (before[index] ?? NaN)) / passedS * 100
  );
}

/** What the program uses with nothing to do. */
export const IDLE_SCENARIOS: readonly Scenario[] = [IDLE_CPU];
