/**
 * Makes load over connections from chosen addresses: takes a {@linkcode GeneratorPlan} as
 * JSON in its only argument, and prints a {@linkcode LoadResult} as JSON.
 */
import { askOverAndOver } from "./asking_connection.ts";
import { Latencies } from "./latencies.ts";
import type { Load, LoadResult } from "./load.ts";

/** What the process is told. */
export interface GeneratorPlan extends Load {
  /** Addresses that the connections come from in turn; this machine's choice if empty. */
  readonly from: readonly string[];
}

async function generate(plan: GeneratorPlan): Promise<LoadResult> {
  const { from, connections, isKeptAlive, seconds } = plan;
  const request = requestText(plan);
  const latencies = new Latencies();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  const onAnswer = (tookMs: number): boolean => {
    latencies.add(tookMs);
    return isKeptAlive && performance.now() < endMs;
  };
  const keepAsking = async (index: number): Promise<void> => {
    const question = { ...plan, request, from: from[index % from.length] };
    do {
      await askOverAndOver(question, onAnswer);
    } while (performance.now() < endMs);
  };
  await Promise.all(
    Array.from({ length: connections }, (_, index) => keepAsking(index)),
  );
  const tookMs = performance.now() - startedMs;
  const [p50Ms = NaN, p99Ms = NaN] = latencies.percentiles([0.5, 0.99]);
  return {
    requests: latencies.count,
    requestsPerSecond: latencies.count / tookMs * 1_000,
    p50Ms,
    p99Ms,
  };
}

function requestText(
  { port, path, headers, isKeptAlive }: GeneratorPlan,
): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(isKeptAlive ? [] : ["Connection: close"]),
    "\r\n",
  ].join("\r\n");
}

if (import.meta.main) {
  const plan: GeneratorPlan = JSON.parse(Deno.args[0] ?? "");
  const result = JSON.stringify(await generate(plan));
  await Deno.stdout.write(new TextEncoder().encode(result));
  // What the kept connections hold is of no interest any more.
  Deno.exit();
}
