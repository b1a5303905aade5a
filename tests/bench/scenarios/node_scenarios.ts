import type { Scenario } from "../scenario.ts";
import { POD_SCENARIOS } from "./pod_scenarios.ts";

/** What is measured by pods, memory and time of the node, as opposed to throughput. */
export const NODE_SCENARIOS: readonly Scenario[] = [...POD_SCENARIOS];
