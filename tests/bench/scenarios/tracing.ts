import assert from "node:assert/strict";
import { takeTurns } from "../contender.ts";
import { contenderFor } from "../contender_for.ts";
import { readImageTelemetry } from "../image_environment.ts";
import { chooseLoadTool } from "../load_tool.ts";
import { askRightly, TOKEN_QUESTION } from "../metadata_request.ts";
import {
  type EmulatedNode,
  startEmulatedNode,
} from "../emulated_node_process.ts";
import { type RunningProgram, startProgram } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { type ServerProcess, startServerProcess } from "../server_process.ts";
import { ratioFigure, turnFigures } from "../turn_figures.ts";
import { turnSeconds } from "../turn_seconds.ts";
import { USUAL_NODE } from "../usual_node.ts";

/** A warm token while requests are traced. */
export const TRACING_SCENARIO: Scenario = {
  name: "tracing",
  about:
    "A warm token over 16 connections with no, all and 10 % traces, and without metrics",
  measure,
};

const TITLE = "Warm token, 16 connections";
const SAMPLED = {
  OTEL_TRACES_SAMPLER: "traceidratio",
  OTEL_TRACES_SAMPLER_ARG: "0.1",
};
/** The runtime's metrics of its HTTP server cost each request as much as its spans. */
const TRACES_ALONE = { OTEL_DENO_METRICS: "false" };

async function measure(setup: Setup): Promise<readonly Figure[]> {
  await using node = await startEmulatedNode(USUAL_NODE);
  const start = (env: Readonly<Record<string, string>>): Promise<Traced> =>
    startTraced(setup, node, env);
  await using untraced = await startProgram(setup.program, node);
  await using all = await start({});
  await using sampled = await start(SAMPLED);
  await using alone = await start({ ...SAMPLED, ...TRACES_ALONE });
  const traced = [all, sampled, alone];
  const programs = [untraced, ...traced.map(({ program }) => program)];
  const answer = await askRightly(untraced.port, TOKEN_QUESTION);
  for (const { port } of programs) await askRightly(port, TOKEN_QUESTION);
  const file = "bare_handler_process.ts";
  await using bare = await startServerProcess(file, answer);
  await using bareTraced = await startServerProcess(
    file,
    answer,
    await telemetry(alone.sink, { ...SAMPLED, ...TRACES_ALONE }),
  );
  const name = "The program";
  const limit = "The bare handler";
  const question = TOKEN_QUESTION;
  const [
    off = [],
    on = [],
    some = [],
    least = [],
    bareOff = [],
    bareSome = [],
  ] = await takeTurns(
    [
      ...programs.map((program) => contenderFor(program, { name, question })),
      ...[bare, bareTraced].map((process) =>
        contenderFor(process, { name: limit, question })
      ),
    ],
    {
      tool: await chooseLoadTool(),
      rounds: setup.rounds,
      seconds: turnSeconds(setup),
    },
  );
  for (const { port } of programs) await askRightly(port, TOKEN_QUESTION);
  for (const { mustHaveExported } of traced) await mustHaveExported();
  const ratio = { of: "requestsPerSecond", limits: off } as const;
  return [
    ...turnFigures(`${TITLE}, not traced`, off),
    ...turnFigures(`${TITLE}, all traced`, on),
    ...turnFigures(`${TITLE}, 10 % traced`, some),
    ...turnFigures(`${TITLE}, 10 % traced, no metrics exported`, least),
    ratioFigure({
      ...ratio,
      what: `${TITLE}: throughput with all traced beside none`,
      turns: on,
    }),
    ratioFigure({
      ...ratio,
      what: `${TITLE}: throughput with 10 % traced beside none`,
      turns: some,
    }),
    ratioFigure({
      ...ratio,
      what:
        `${TITLE}: throughput with 10 % traced and no metrics exported beside none`,
      turns: least,
      target: { least: 0.7 },
    }),
    ratioFigure({
      of: "requestsPerSecond",
      what:
        `${TITLE}: the same of the bare handler, which does not trace itself`,
      turns: bareSome,
      limits: bareOff,
    }),
  ];
}

/** A program that exports its traces to a collector of its own. */
interface Traced extends AsyncDisposable {
  readonly program: RunningProgram;
  /** The collector. */
  readonly sink: ServerProcess;
  readonly mustHaveExported: () => Promise<void>;
}

async function startTraced(
  { program: image }: Setup,
  node: EmulatedNode,
  env: Readonly<Record<string, string>>,
): Promise<Traced> {
  await using starting = new AsyncDisposableStack();
  const sink: ServerProcess = starting.use(
    await startServerProcess("otlp_sink_process.ts"),
  );
  const program = starting.use(
    await startProgram(image, node, { env: await telemetry(sink, env) }),
  );
  const stack = starting.move();
  return {
    program,
    sink,
    mustHaveExported: async () => {
      const bytes = Number(await sink.dialogue.ask());
      assert.ok(bytes > 0, "The program exports no traces");
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Variables that have Deno trace, and export to a collector. */
async function telemetry(
  sink: ServerProcess,
  env: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...await readImageTelemetry(),
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
    ...env,
  };
}
