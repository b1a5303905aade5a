import { isLive, nameOf, type Pod } from "../core/pod.ts";
import type { Log } from "../telemetry/log.ts";

/** Pods that were spoken of; more than a node has at a time. */
const CAPACITY = 1_000;

/**
 * Tells whether a pod asks for an account that it cannot get, because it uses the
 * node's network.
 *
 * @param pod Pod to judge.
 */
export function asksInVain(pod: Pod): boolean {
  return pod.hostNetwork && pod.accountAnnotation !== undefined && isLive(pod);
}

/**
 * Creates the function that says once of each pod that its annotation has no effect:
 * pods on the node's network cannot be told apart, and reach the real server besides.
 *
 * @param log Takes the line.
 */
export function createHostNetworkNotice(log: Log): (pod: Pod) => void {
  /** Oldest first. */
  const told = new Set<string>();
  return (pod) => {
    if (!asksInVain(pod) || told.has(pod.uid)) return;
    told.add(pod.uid);
    const [oldest] = told;
    if (told.size > CAPACITY && oldest !== undefined) told.delete(oldest);
    log(
      "warn",
      "A pod on the node's network gets no token; its annotation has no effect",
      { pod: nameOf(pod), account: pod.accountAnnotation },
    );
  };
}
