import { Metrics } from "../../src/telemetry/metrics.ts";
// What following the cluster costs: memory with many objects, calls of an idle hour, and
// the time from a change to an answer. The figures are printed; the limits fail the run.
import { systemClock } from "../../src/cli/system_clock.ts";
import type { Clock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kubernetes/cluster.ts";
import { connectToServer } from "../../src/kubernetes/server_connection.ts";
import {
  type KubernetesApi,
  startKubernetesApi,
} from "../../src/sandbox/kubernetes/api.ts";
import {
  namespaceObject,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { clockOf } from "../google/manual_clock.ts";
import { ManualTime } from "../sandbox/manual_time.ts";
import { startTestDaemon } from "../test_daemon.ts";
import { TOKEN } from "../pod_client.ts";

/** Collects garbage; there with `--expose-gc`. */
declare const gc: () => void;

const PODS = 256;
const NAMESPACES = 10_000;
const MAX_MIB = 16;
/**
 * Two lists, and two watches that are opened anew after 4 minutes of silence: a server
 * with nothing to tell need not send bookmarks.
 */
const MAX_REQUESTS = 36;
/** From a change at the API server to the answer of a request that waits for it. */
const MAX_ANSWER_MS = 5;

const ANNOTATIONS = {
  serviceAccount: "accounts.google.com/service-account",
  scopes: "accounts.google.com/scopes",
  allowedServiceAccounts: "accounts.google.com/allowed-service-accounts",
};
const ACCOUNT = "app@demo-proj.iam.gserviceaccount.com";

function follow(api: KubernetesApi, clock: Clock = systemClock): Cluster {
  const cluster = new Cluster({
    connection: connectToServer({
      url: api.url,
      insecure: false,
    }),
    userAgent: "bench",
    node: "n1",
    settings: { annotations: ANNOTATIONS, namespaces: "needed" },
    patience: () => ({
      maxWaitMs: 10_000,
      maxPauseMs: 10_000,
      maxStalenessMs: 900_000,
    }),
    metrics: new Metrics("bench"),
    clock,
    random: () => 1,
    log: () => {},
    onChange: () => {},
  });
  cluster.start();
  return cluster;
}

function heapMiB(): number {
  gc();
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}

function limit(name: string, value: number, most: number): void {
  const text = `${name}: ${value.toFixed(2)} (at most ${most})`;
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  if (value > most) throw new Error(text);
}

const never = new AbortController().signal;

function pod(index: number): ReturnType<typeof podObject> {
  return podObject({
    name: `pod-${index}`,
    podIP: `10.1.${index >> 8}.${index & 255}`,
    nodeName: "n1",
    annotations: { [ANNOTATIONS.serviceAccount]: ACCOUNT },
  });
}

Deno.bench({
  name: "memory, and time from a change to its answer",
  group: "cluster",
  n: 1,
  warmup: 0,
  async fn(): Promise<void> {
    await using api = await startKubernetesApi({});
    for (let index = 0; index < NAMESPACES; index += 1) {
      api.cluster.create(namespaceObject({
        name: `namespace-${index}`,
        annotations: {
          [ANNOTATIONS.allowedServiceAccounts]: '["*@demo-proj.*"]',
        },
      }));
    }
    for (let index = 0; index < PODS; index += 1) {
      api.cluster.create(pod(index));
    }
    const before = heapMiB();
    await using cluster = follow(api);
    await cluster.identify("10.1.0.255", never);
    limit(
      `MiB of ${PODS} pods, ${NAMESPACES} namespaces`,
      heapMiB() - before,
      MAX_MIB,
    );
    const times: number[] = [];
    for (let index = PODS; index < PODS + 100; index += 1) {
      const asking = cluster.identify(
        `10.1.${index >> 8}.${index & 255}`,
        never,
      );
      const changedAt = performance.now();
      api.cluster.create(pod(index));
      await asking;
      times.push(performance.now() - changedAt);
    }
    times.sort((one, other) => one - other);
    limit(
      "ms from change to answer, median",
      times[50] ?? Infinity,
      MAX_ANSWER_MS,
    );
  },
});

Deno.bench({
  name: "an idle hour",
  group: "idle",
  n: 1,
  warmup: 0,
  async fn(): Promise<void> {
    const time = new ManualTime();
    const clock = clockOf(time);
    await using api = await startKubernetesApi(clock);
    await using cluster = follow(api, clock);
    await api.watching("pods", 1);
    for (let passed = 0; passed < 3_600; passed += 10) {
      time.advance(10_000);
      // Sockets have their turn, as they have in ten seconds.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const requests = [...api.counts.values()].reduce((one, other) =>
      one + other
    );
    limit("requests in an idle hour", requests, MAX_REQUESTS);
    if ((cluster.contactAgeMs ?? Infinity) > 120_000) throw new Error("stale");
  },
});

Deno.bench({
  name: "from start to the first token",
  group: "start",
  n: 5,
  warmup: 1,
  async fn(): Promise<void> {
    await using daemon = await startTestDaemon();
    await daemon.askUntil(
      { from: "127.0.0.1", path: TOKEN },
      ({ status }) => status === 200,
    );
  },
});
