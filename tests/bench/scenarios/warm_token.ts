import {
  BARE_HANDLER,
  COPYING_HANDLER,
  measureBesideHandler,
} from "../beside_handler.ts";
import { chooseLoadTool } from "../load_tool.ts";
import { TOKEN_QUESTION } from "../metadata_request.ts";
import type { Scenario } from "../scenario.ts";

const TARGETS = { throughput: { least: 0.8 }, p99: { most: 1.5 } } as const;

/** A token that is there already, asked for by one pod over a number of connections. */
export const WARM_TOKEN_SCENARIOS: readonly Scenario[] = [
  warmToken(1, {}),
  warmToken(16, TARGETS),
  warmToken(128, TARGETS),
  {
    name: "warm-token-close",
    about: "A warm token, 16 at once, each over a connection of its own",
    measure: async (setup) =>
      await measureBesideHandler(setup, {
        handler: BARE_HANDLER,
        title: "Warm token, 16 at once without keep-alive",
        question: TOKEN_QUESTION,
        connections: 16,
        isKeptAlive: false,
        tool: await chooseLoadTool(),
      }),
  },
  {
    name: "warm-token-copied",
    about: "A warm token over 16 connections, beside copies of one response",
    measure: async (setup) =>
      await measureBesideHandler(setup, {
        handler: COPYING_HANDLER,
        title: "Warm token, 16 connections again",
        question: TOKEN_QUESTION,
        connections: 16,
        isKeptAlive: true,
        tool: await chooseLoadTool(),
      }),
  },
];

function warmToken(
  connections: number,
  targets: Partial<typeof TARGETS>,
): Scenario {
  const many = connections === 1
    ? "1 connection"
    : `${connections} connections`;
  return {
    name: `warm-token-${connections}`,
    about: `A warm token over ${many}, beside a bare handler`,
    measure: async (setup) =>
      await measureBesideHandler(setup, {
        handler: BARE_HANDLER,
        title: `Warm token, ${many}`,
        question: TOKEN_QUESTION,
        connections,
        isKeptAlive: true,
        tool: await chooseLoadTool(),
        ...targets,
      }),
  };
}
