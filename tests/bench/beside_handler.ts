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

/** A `Deno.serve` handler that answers everything with the same bytes. */
export interface FixedHandler {
  /** File of its process in this folder. */
  readonly file: string;
  /** What to call it. */
  readonly name: string;
}

/** Makes a response for each request, as any handler does whose answers differ. */
export const BARE_HANDLER: FixedHandler = {
  file: "bare_handler_process.ts",
  name: "bare handler",
};

/** Copies one response for all requests. */
export const COPYING_HANDLER: FixedHandler = {
  file: "copying_handler_process.ts",
  name: "copying handler",
};

/** What is asked of the program and of a handler in turns. */
export interface BesideHandler {
  /** What it is held against. */
  readonly handler: FixedHandler;
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
  /** What the throughput beside the handler's is to keep, if anything. */
  readonly throughput?: Target;
  /** What the p99 beside the handler's is to keep, if anything. */
  readonly p99?: Target;
}

/**
 * Measures the program beside a handler that answers the very same bytes.
 *
 * @param setup Program, rounds, and whether to be short.
 * @param compared What is asked.
 * @throws If an answer is not right.
 */
export async function measureBesideHandler(
  setup: Setup,
  compared: BesideHandler,
): Promise<readonly Figure[]> {
  const { title, question, connections, isKeptAlive, tool, handler } = compared;
  await using program = await startProgramOnNode(setup.program, USUAL_NODE);
  const answer = await askRightly(program.port, question);
  await using fixed = await startServerProcess(handler.file, answer);
  assert.deepEqual(await askRightly(fixed.port, question), answer);
  const asking = { question, connections, isKeptAlive };
  const [own = [], limit = []] = await takeTurns([
    contenderFor(program, { ...asking, name: "The program" }),
    contenderFor(fixed, { ...asking, name: `The ${handler.name}` }),
  ], { tool, rounds: setup.rounds, seconds: turnSeconds(setup) });
  await askRightly(program.port, question);
  const ratio = { turns: own, limits: limit };
  return [
    ...turnFigures(title, own),
    ...turnFigures(`${title}, ${handler.name}`, limit),
    // To connect costs whoever makes the load more than it costs the handler, which
    // is never at its limit then: neither throughput nor latency can be held against it.
    ...(isKeptAlive
      ? [
        ratioFigure({
          ...ratio,
          what: `${title}: throughput beside the ${handler.name}`,
          of: "requestsPerSecond",
          target: compared.throughput,
        }),
        ratioFigure({
          ...ratio,
          what: `${title}: p99 beside the ${handler.name}`,
          of: "p99Ms",
          target: compared.p99,
        }),
      ]
      : []),
    ratioFigure({
      ...ratio,
      what: `${title}: CPU per request beside the ${handler.name}`,
      of: "cpuMicros",
    }),
  ];
}
