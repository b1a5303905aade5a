import { describeStore } from "../../../src/admin/debug_store.ts";
import { parseAllowList } from "../../../src/core/allow_list.ts";
import type { Caller } from "../../../src/core/caller.ts";
import { decide } from "../../../src/core/policy.ts";
import { podOf } from "../../kubernetes/finder_setup.ts";
import { runHeapProcess } from "../heap_process.ts";
import type { Scenario } from "../scenario.ts";
import { median } from "../summary.ts";
import type { SoakFindings } from "../token_soak_process.ts";

const PODS = 256;
const LOOKS = 50;

const PAGE: Scenario = {
  name: "page",
  about: "one look of the debug page, which looks every two seconds",
  measure: ({ rounds }) => {
    const callers = createCallers();
    const values: number[] = [];
    while (values.length < rounds) {
      values.push(
        median(Array.from({ length: LOOKS }, () => timeLook(callers))),
      );
    }
    return Promise.resolve([{
      what: `Debug page, one look at ${PODS} pods`,
      unit: "ms",
      values,
      // 1 % of a core.
      target: { most: 20 },
    }]);
  },
};

const TOKEN_SOAK: Scenario = {
  name: "token-soak",
  about: "heap after many renewals of 500 tokens",
  measure: async ({ rounds, isShort }) => {
    // A token has to be renewed at least once.
    const counts = isShort ? [20_000, 100] : [40_000, 500];
    const found: SoakFindings[] = [];
    while (found.length < rounds) {
      found.push(await runHeapProcess("token_soak_process.ts", ...counts));
    }
    return [{
      what: "Renewals of tokens: heap at the end to that half-way",
      unit: "ratio",
      values: found.map(({ firstMiB, secondMiB }) => secondMiB / firstMiB),
      target: { most: 1.1 },
    }];
  },
};

function createCallers(): readonly Caller[] {
  const namespace = parseAllowList('["*@demo-proj.iam.gserviceaccount.com"]');
  return Array.from({ length: PODS }, (_, index) => ({
    pod: podOf(`pod-${index}`, {
      addresses: [`10.4.0.${index}`],
      accountAnnotation: `app-${index}@demo-proj.iam.gserviceaccount.com`,
    }),
    namespace,
  }));
}

/** Gives how long it takes to tell of all pods, in milliseconds. */
function timeLook(callers: readonly Caller[]): number {
  const policy = {
    defaultAccount: { kind: "none" },
    defaultScopes: ["openid"],
    restrictions: "enforce",
  } as const;
  const startedMs = performance.now();
  const text = JSON.stringify(
    describeStore(
      callers,
      ({ pod, namespace }) => decide(policy, pod, namespace),
    ),
  );
  const tookMs = performance.now() - startedMs;
  if (!text.includes(`app-${PODS - 1}@`)) {
    throw new Error("The page does not tell of the last pod");
  }
  return tookMs;
}

/** What is measured of single parts, within a process. */
export const INNER_SCENARIOS: readonly Scenario[] = [PAGE, TOKEN_SOAK];
