import { askAsPod } from "../pod_client.ts";
import { podAddress } from "./pod_address.ts";

const ACCOUNT = "instance/service-accounts/default";
/** What client libraries ask for, the token most of all. */
const PATHS = [
  `${ACCOUNT}/token`,
  `${ACCOUNT}/email`,
  `${ACCOUNT}/token`,
  `${ACCOUNT}/?recursive=true`,
  `${ACCOUNT}/token`,
  "instance/service-accounts/",
] as const;
const TICK_MS = 10;

/** How many pods ask, how often, and for how long. */
export interface PodLoad {
  readonly port: number;
  readonly pods: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
}

/**
 * Asks for tokens, e-mails and listings at a steady rate, all pods in turn, each request
 * over a connection of its own.
 *
 * @returns How many were answered with 200.
 * @throws If an answer is another, or none.
 */
export async function askSteadily(load: PodLoad): Promise<number> {
  const { port, pods, requestsPerSecond, seconds } = load;
  const total = Math.round(requestsPerSecond * seconds);
  const startedMs = performance.now();
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let asked = 0;
  while (asked < total && failures.length === 0) {
    const due = (performance.now() - startedMs) * requestsPerSecond / 1000;
    for (; asked < Math.min(due, total); asked += 1) {
      const path = PATHS[asked % PATHS.length] ?? "";
      const one = ask(port, podAddress(asked % pods), path)
        .catch((error) => void failures.push(error))
        .finally(() => running.delete(one));
      running.add(one);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return asked;
}

async function ask(port: number, from: string, path: string): Promise<void> {
  const { status, body } = await askAsPod(port, { from, path });
  if (status !== 200) throw new Error(`${path} to ${from}: ${status} ${body}`);
}
