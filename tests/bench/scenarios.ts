import type { Scenario } from "./scenario.ts";
import { MANY_PODS_SCENARIO } from "./scenarios/many_pods.ts";
import { NODE_SCENARIOS } from "./scenarios/node_scenarios.ts";
import { OTHER_ANSWER_SCENARIOS } from "./scenarios/other_answers.ts";
import { PROXIED_LEAF_SCENARIO } from "./scenarios/proxied_leaf.ts";
import { TRACING_SCENARIO } from "./scenarios/tracing.ts";
import { WARM_TOKEN_SCENARIOS } from "./scenarios/warm_token.ts";

/** All that can be measured, in the order of measuring. */
export const SCENARIOS: readonly Scenario[] = [
  ...WARM_TOKEN_SCENARIOS,
  ...OTHER_ANSWER_SCENARIOS,
  PROXIED_LEAF_SCENARIO,
  MANY_PODS_SCENARIO,
  TRACING_SCENARIO,
  ...NODE_SCENARIOS,
];
