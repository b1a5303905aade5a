/**
 * Follows a large cluster in this process, and prints as JSON what its objects take of the
 * heap and how soon changes are known. To be run with `--v8-flags=--expose-gc`.
 */
import { systemClock } from "../../src/cli/system_clock.ts";
import { startKubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import {
  namespaceObject,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { ANNOTATIONS, followCluster, NODE } from "./followed_cluster.ts";
import { median } from "./summary.ts";

/** Collects garbage. */
declare const gc: () => void;

/** What is printed. */
export interface ClusterFindings {
  /** Heap that the objects take, in MiB. */
  readonly heapMiB: number;
  /** From a change at the API server to whoever waits for it, median, in milliseconds. */
  readonly changeMs: number;
}

const [pods = 0, namespaces = 0, changes = 0] = Deno.args.map(Number);
const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";
const never = new AbortController().signal;

function addressOf(index: number): string {
  return `10.1.${index >> 8}.${index & 255}`;
}

function pod(index: number): ReturnType<typeof podObject> {
  return podObject({
    name: `pod-${index}`,
    podIP: addressOf(index),
    nodeName: NODE,
    annotations: { [ANNOTATIONS.serviceAccount]: ACCOUNT },
  });
}

async function identify(
  cluster: ReturnType<typeof followCluster>,
  index: number,
): Promise<void> {
  const { kind } = await cluster.identify(addressOf(index), never);
  if (kind !== "found") throw new Error(`pod-${index} is ${kind}`);
}

function heapMiB(): number {
  gc();
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}

await using api = await startKubernetesApi({});
for (let index = 0; index < namespaces; index += 1) {
  api.cluster.create(namespaceObject({
    name: `namespace-${index}`,
    annotations: { [ANNOTATIONS.allowedServiceAccounts]: '["*@demo-proj.*"]' },
  }));
}
for (let index = 0; index < pods; index += 1) api.cluster.create(pod(index));
const before = heapMiB();
await using cluster = followCluster(api, systemClock);
await identify(cluster, pods - 1);
const after = heapMiB();
const times: number[] = [];
for (let index = pods; index < pods + changes; index += 1) {
  const identified = identify(cluster, index);
  const changedMs = performance.now();
  api.cluster.create(pod(index));
  await identified;
  times.push(performance.now() - changedMs);
}
const findings: ClusterFindings = {
  heapMiB: after - before,
  changeMs: median(times),
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(findings)));
