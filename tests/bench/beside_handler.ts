import assert from "node:assert/strict";
import type { LoadTool } from "./load.ts";
import { askRightly, type Question } from "./metadata_request.ts";
import { ratioFigure, turnFigures } from "./turn_figures.ts";
import type { Figure, Setup, Target } from "./scenario.ts";
import { startProgramOnNode } from "./running_program.ts";
import { startServerProcess } from "./server_process.ts";
import { takeTurns } from "./contender.ts";
import { contenderFor } from "./contender_for.ts";
import { USUAL_NODE } from "./usual_node.ts";
import { turnSeconds } from "./turn_seconds.ts";

/** What is asked of the program and of the bare handler in turns. */
export interface BesideBareHandler {
  /** What the figures are of: `Warm token, 16 connections`. */
  readonly title: string;
  /** What is asked. */
  readonly question: Question;
  /** Connections at once. */
  readonly connections: number;
  /** Whether connections are kept for the next request. */
  readonly isKeptAlive: boolean;
  /** Makes the load. */
  readonly tool: LoadTool;
  /** What the throughput beside the bare handler's is to keep, if anything. */
  readonly throughput?: Target;
  /** What the p99 beside the bare handler's is to keep, if anything. */
  readonly p99?: Target;
}

/**
 * Measures the program beside a `Deno.serve` handler that answers the very same bytes,
 * which is the limit of the runtime.
 *
 * @param setup Program, rounds, and whether to be short.
 * @param compared What is asked.
 * @throws If an answer is not right.
 */
export async function measureBesideBareHandler(
  setup: Setup,
  compared: BesideBareHandler,
): Promise<readonly Figure[]> {
  const { title, question, connections, isKeptAlive, tool } = compared;
  await using program = await startProgramOnNode(setup.program, USUAL_NODE);
  const answer = await askRightly(program.port, question);
  await using bare = await startServerProcess(
    "bare_handler_process.ts",
    answer,
  );
  assert.deepEqual(await askRightly(bare.port, question), answer);
  const asking = { question, connections, isKeptAlive };
  const [own = [], limit = []] = await takeTurns([
    contenderFor(program, { ...asking, name: "The program" }),
    contenderFor(bare, { ...asking, name: "The bare handler" }),
  ], { tool, rounds: setup.rounds, seconds: turnSeconds(setup) });
  await askRightly(program.port, question);
  const ratio = { turns: own, limits: limit };
  return [
    ...turnFigures(title, own),
    ...turnFigures(`${title}, bare handler`, limit),
    // To connect costs whoever makes the load more than it costs the bare handler, which
    // is never at its limit then: neither throughput nor latency can be held against it.
    ...(isKeptAlive
      ? [
        ratioFigure({
          ...ratio,
          what: `${title}: throughput beside the bare handler`,
          of: "requestsPerSecond",
          target: compared.throughput,
        }),
        ratioFigure({
          ...ratio,
          what: `${title}: p99 beside the bare handler`,
          of: "p99Ms",
          target: compared.p99,
        }),
      ]
      : []),
    ratioFigure({
      ...ratio,
      what: `${title}: CPU per request beside the bare handler`,
      of: "cpuMicros",
    }),
  ];
}
