import type { Scenario } from "../scenario.ts";
import { CLUSTER_SCENARIOS } from "./cluster_scenarios.ts";
import { IDLE_SCENARIOS } from "./idle_scenarios.ts";
import { INNER_SCENARIOS } from "./inner_scenarios.ts";
import { MEMORY_SCENARIOS } from "./memory_scenarios.ts";
import { POD_SCENARIOS } from "./pod_scenarios.ts";
import { START_SCENARIOS } from "./start_scenarios.ts";

/** What is measured by pods, memory and time of the node, as opposed to throughput. */
export const NODE_SCENARIOS: readonly Scenario[] = [
  ...POD_SCENARIOS,
  ...START_SCENARIOS,
  ...MEMORY_SCENARIOS,
  ...IDLE_SCENARIOS,
  ...CLUSTER_SCENARIOS,
  ...INNER_SCENARIOS,
];
