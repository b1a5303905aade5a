import { clockOf } from "../../google/manual_clock.ts";
import { ManualTime } from "../../sandbox/manual_time.ts";
import { startKubernetesApi } from "../../../src/sandbox/kubernetes/api.ts";
import type { ClusterFindings } from "../cluster_process.ts";
import { followCluster } from "../followed_cluster.ts";
import { runHeapProcess } from "../heap_process.ts";
import type { Scenario } from "../scenario.ts";
import { sleep } from "../sleep.ts";

const HOUR_S = 3_600;
const STEP_S = 10;

const API_REQUESTS: Scenario = {
  name: "api-requests",
  about: "requests to the API server in an hour in which nothing happens",
  measure: async ({ rounds }) => {
    const values: number[] = [];
    const silent: number[] = [];
    while (values.length < rounds) {
      values.push(await countIdleHour({ bookmarks: true }));
      silent.push(await countIdleHour({ bookmarks: false }));
    }
    return [
      {
        what: "API server in an idle hour",
        unit: "requests",
        values,
        target: { most: 30 },
      },
      {
        what: "API server in an idle hour, if it sends no bookmarks",
        unit: "requests",
        values: silent,
      },
    ];
  },
};

const CLUSTER: Scenario = {
  name: "cluster",
  about: "heap of 256 pods and 10,000 namespaces, and how soon a change counts",
  measure: async ({ rounds, isShort }) => {
    const pods = isShort ? 25 : 256;
    const namespaces = isShort ? 1_000 : 10_000;
    const changes = isShort ? 10 : 100;
    const found: ClusterFindings[] = [];
    while (found.length < rounds) {
      found.push(
        await runHeapProcess("cluster_process.ts", pods, namespaces, changes),
      );
    }
    return [
      {
        what: `Heap of ${pods} pods, ${
          namespaces.toLocaleString("en")
        } namespaces`,
        unit: "MiB",
        values: found.map(({ heapMiB }) => heapMiB),
        target: { most: 16 },
      },
      {
        what: "Change at the API server until it counts",
        unit: "ms",
        values: found.map(({ changeMs }) => changeMs),
        target: { most: 5 },
      },
    ];
  },
};

/**
 * Counts what is asked while an hour goes by in a second; the first lists are part of it.
 * A real server sends a bookmark a minute down each watch.
 */
async function countIdleHour(
  { bookmarks }: { readonly bookmarks: boolean },
): Promise<number> {
  const time = new ManualTime();
  const clock = clockOf(time);
  await using api = await startKubernetesApi(clock);
  await using cluster = followCluster(api, clock);
  await api.watching("pods", 1);
  for (let passed = 0; passed < HOUR_S; passed += STEP_S) {
    time.advance(STEP_S * 1_000);
    if (bookmarks && passed % 60 === 0) api.sendBookmarks();
    // Sockets have their turn, as they have in ten seconds.
    await sleep(1);
  }
  if ((cluster.contactAgeMs ?? Infinity) > 120_000) {
    throw new Error("The cluster was not followed for the whole hour");
  }
  return [...api.counts.values()].reduce((one, other) => one + other);
}

/** What it costs to follow the cluster. */
export const CLUSTER_SCENARIOS: readonly Scenario[] = [API_REQUESTS, CLUSTER];
