import { BARE_HANDLER, measureBesideHandler } from "../beside_handler.ts";
import { createLoadGenerator } from "../load_generator.ts";
import { TOKEN_QUESTION } from "../metadata_request.ts";
import { podAddress } from "../pod_address.ts";
import type { Scenario } from "../scenario.ts";

const PODS = 100;
const CONNECTIONS = 200;

/** A warm token, asked for by many pods at once. */
export const MANY_PODS_SCENARIO: Scenario = {
  name: "many-pods",
  about:
    `A warm token over ${CONNECTIONS} connections of ${PODS} pods, beside a bare handler`,
  measure: async (setup) =>
    await measureBesideHandler(setup, {
      handler: BARE_HANDLER,
      title: `Warm token, ${CONNECTIONS} connections of ${PODS} pods`,
      question: TOKEN_QUESTION,
      connections: CONNECTIONS,
      isKeptAlive: true,
      // wrk cannot choose where its connections come from.
      tool: createLoadGenerator(
        Array.from({ length: PODS }, (_, index) => podAddress(index)),
      ),
    }),
};
