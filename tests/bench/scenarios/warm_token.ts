import {
  BARE_HANDLER,
  type BesideHandler,
  COPYING_HANDLER,
  measureBesideHandler,
} from "../beside_handler.ts";
import { chooseLoadTool } from "../load_tool.ts";
import { TOKEN_QUESTION } from "../metadata_request.ts";
import type { Scenario } from "../scenario.ts";

const USUAL = {
  handler: BARE_HANDLER,
  connections: 16,
  isKeptAlive: true,
} as const;
const TARGETS = { throughput: { least: 0.8 }, p99: { most: 1.5 } } as const;

/** A token that is there already, asked for by one pod over a number of connections. */
export const WARM_TOKEN_SCENARIOS: readonly Scenario[] = [
  warmToken({
    name: "warm-token-1",
    about: "A warm token over 1 connection, beside a bare handler",
    compared: { ...USUAL, title: "Warm token, 1 connection", connections: 1 },
  }),
  ...[16, 128].map((connections) =>
    warmToken({
      name: `warm-token-${connections}`,
      about:
        `A warm token over ${connections} connections, beside a bare handler`,
      compared: {
        ...USUAL,
        ...TARGETS,
        title: `Warm token, ${connections} connections`,
        connections,
      },
    })
  ),
  warmToken({
    name: "warm-token-close",
    about: "A warm token, 16 at once, each over a connection of its own",
    compared: {
      ...USUAL,
      title: "Warm token, 16 at once without keep-alive",
      isKeptAlive: false,
    },
  }),
  warmToken({
    name: "warm-token-copied",
    about: "A warm token over 16 connections, beside copies of one response",
    compared: {
      ...USUAL,
      title: "Warm token, 16 connections again",
      handler: COPYING_HANDLER,
    },
  }),
];

function warmToken(
  { name, about, compared }: Pick<Scenario, "name" | "about"> & {
    readonly compared: Omit<BesideHandler, "question" | "tool">;
  },
): Scenario {
  return {
    name,
    about,
    measure: async (setup) =>
      await measureBesideHandler(setup, {
        ...compared,
        question: TOKEN_QUESTION,
        tool: await chooseLoadTool(),
      }),
  };
}
