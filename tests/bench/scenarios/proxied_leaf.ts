import assert from "node:assert/strict";
import type { ProxyPlan, ProxyWay } from "../bare_proxy_process.ts";
import { takeTurn, takeTurns } from "../contender.ts";
import { contenderFor } from "../contender_for.ts";
import type { FixedAnswer } from "../fixed_answer.ts";
import { chooseLoadTool } from "../load_tool.ts";
import {
  askRightly,
  LEAF_QUESTION,
  METADATA_HEADERS,
} from "../metadata_request.ts";
import { startProgramOnNode } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { type ServerProcess, startServerProcess } from "../server_process.ts";
import { ratioFigure, turnFigures } from "../turn_figures.ts";
import { turnSeconds } from "../turn_seconds.ts";
import { USUAL_NODE } from "../usual_node.ts";

/** A value of the real metadata server, which is asked for it each time. */
export const PROXIED_LEAF_SCENARIO: Scenario = {
  name: "proxied-leaf",
  about:
    "A value of the real metadata server, 16 connections, beside a bare proxy",
  measure,
};

const TITLE = "Proxied leaf, 16 connections";
const ASKING = { question: LEAF_QUESTION };
const WAYS: readonly ProxyWay[] = [
  "fetch, streamed",
  "fetch, whole",
  "node:http",
];

async function measure(setup: Setup): Promise<readonly Figure[]> {
  await using program = await startProgramOnNode(setup.program, USUAL_NODE);
  const answer = await askRightly(program.port, LEAF_QUESTION);
  const upstream = valueOf(program.node.flags, "--metadata-addr=");
  const tool = await chooseLoadTool();
  const seconds = turnSeconds(setup);
  const way = await fastest(async (each) => {
    await using proxy = await startProxy(each, upstream, answer);
    const contender = contenderFor(proxy, {
      ...ASKING,
      name: `The bare proxy by ${each}`,
    });
    await takeTurn(contender, { tool, seconds: seconds / 4 });
    const turn = await takeTurn(contender, { tool, seconds: seconds / 2 });
    return turn.requestsPerSecond;
  });
  await using proxy = await startProxy(way, upstream, answer);
  const [own = [], limit = []] = await takeTurns([
    contenderFor(program, { ...ASKING, name: "The program" }),
    contenderFor(proxy, { ...ASKING, name: "The bare proxy" }),
  ], { tool, rounds: setup.rounds, seconds });
  await askRightly(program.port, LEAF_QUESTION);
  const ratio = { turns: own, limits: limit };
  return [
    ...turnFigures(TITLE, own),
    ...turnFigures(`${TITLE}, bare proxy by ${way}`, limit),
    ratioFigure({
      ...ratio,
      what: `${TITLE}: throughput beside the bare proxy`,
      of: "requestsPerSecond",
      target: { least: 0.9 },
    }),
    ratioFigure({
      ...ratio,
      what: `${TITLE}: CPU per request beside the bare proxy`,
      of: "cpuMicros",
    }),
  ];
}

/** Tries all ways to be a proxy, and takes the one that answers most. */
async function fastest(
  trial: (way: ProxyWay) => Promise<number>,
): Promise<ProxyWay> {
  let [best] = WAYS;
  let most = 0;
  for (const way of WAYS) {
    const requestsPerSecond = await trial(way);
    if (requestsPerSecond > most) [best, most] = [way, requestsPerSecond];
  }
  assert.ok(best);
  return best;
}

async function startProxy(
  way: ProxyWay,
  upstream: string,
  { headers }: FixedAnswer,
): Promise<ServerProcess> {
  const plan: ProxyPlan = {
    url: `http://${upstream}${LEAF_QUESTION.path}`,
    headers: METADATA_HEADERS,
    answerHeaders: headers,
    way,
  };
  const proxy = await startServerProcess("bare_proxy_process.ts", plan);
  await askRightly(proxy.port, LEAF_QUESTION);
  return proxy;
}

function valueOf(flags: readonly string[], prefix: string): string {
  const flag = flags.find((each) => each.startsWith(prefix));
  assert.ok(flag, `The emulated node gives no ${prefix}`);
  return flag.slice(prefix.length);
}
