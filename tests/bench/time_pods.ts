import type { AskingPod, AskingPods } from "./asking_pods.ts";
import type { PodsCommand, PodTimes } from "./node_command.ts";
import { sleep } from "./sleep.ts";

/** By then a request has come to the program, which parks it; it asks the API server later. */
const PARKING_MS = 30;
/** By then the program has heard of pods that were created. */
const LEARNING_MS = 500;

/**
 * Has pods ask a program.
 *
 * @param asking Where they are created.
 * @param command How many, and how.
 * @throws If not each of them is answered with its own account's token.
 */
export async function timePods(
  asking: AskingPods,
  command: PodsCommand,
): Promise<PodTimes> {
  const pods = asking.plan(command.pods, command.accounts);
  const time = { "new-pods": timeNew, "known-pods": timeKnown, burst };
  const times = await time[command.kind](asking, command, pods);
  for (const pod of pods) asking.remove(pod);
  return times;
}

type Pods = readonly AskingPod[];

async function timeNew(
  asking: AskingPods,
  { port, iamMs }: PodsCommand,
  pods: Pods,
): Promise<PodTimes> {
  const startedMs = performance.now();
  const overIamMs: number[] = [];
  for (const pod of pods) {
    const held = asking.holdIam(pod.account, iamMs);
    const [answeredMs, createdMs] = await Promise.all([
      asking.ask(pod, port),
      createLater(asking, pod),
    ]);
    const { cameMs, wentOnMs } = await held;
    overIamMs.push(answeredMs - createdMs - (wentOnMs - cameMs));
  }
  return { overIamMs, wholeMs: performance.now() - startedMs };
}

/** Creates a pod once its request waits, and gives when. */
async function createLater(
  asking: AskingPods,
  pod: AskingPod,
): Promise<number> {
  await sleep(PARKING_MS);
  const createdMs = performance.now();
  asking.create(pod);
  return createdMs;
}

async function timeKnown(
  asking: AskingPods,
  { port, iamMs }: PodsCommand,
  pods: Pods,
): Promise<PodTimes> {
  for (const pod of pods) asking.create(pod);
  await sleep(LEARNING_MS);
  const startedMs = performance.now();
  const overIamMs: number[] = [];
  for (const pod of pods) {
    const held = asking.holdIam(pod.account, iamMs);
    const askedMs = performance.now();
    const answeredMs = await asking.ask(pod, port);
    const { cameMs, wentOnMs } = await held;
    if (cameMs < askedMs) throw new Error(`${pod.name} did not need to wait`);
    overIamMs.push(answeredMs - askedMs - (wentOnMs - cameMs));
  }
  return { overIamMs, wholeMs: performance.now() - startedMs };
}

async function burst(
  asking: AskingPods,
  { port, iamMs }: PodsCommand,
  pods: Pods,
): Promise<PodTimes> {
  const accounts = new Set(pods.map(({ account }) => account));
  const held = [...accounts].map((account) => asking.holdIam(account, iamMs));
  const startedMs = performance.now();
  const answers = pods.map((pod) => {
    asking.create(pod);
    return asking.ask(pod, port);
  });
  const answeredMs = await Promise.all(answers);
  const lastMs = Math.max(
    ...(await Promise.all(held)).map(({ wentOnMs }) => wentOnMs),
  );
  return {
    overIamMs: answeredMs.map((eachMs) => Math.max(0, eachMs - lastMs)),
    wholeMs: Math.max(...answeredMs) - startedMs,
  };
}
