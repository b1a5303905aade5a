import type { Pod } from "../core/pod.ts";
import type { PodProblem } from "../core/pod_problem.ts";

/** Who reports Events. */
export const REPORTING_CONTROLLER =
  "accounts.google.com/k8s-gke-service-account-assigner";

const MAX_NAME = 253;
const MAX_NOTE_BYTES = 1_024;

/** Where the Events of a namespace are written. */
export function eventsPath(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${
    encodeURIComponent(namespace)
  }/events`;
}

/**
 * Makes the Event of a problem, which `kubectl describe pod` shows.
 *
 * @param pod The pod that it is about.
 * @param problem What is wrong.
 * @param options Name of the Event, name of the node, and the time in milliseconds since the Unix epoch.
 */
export function makeEvent(
  pod: Pod,
  problem: PodProblem,
  { name, node, nowMs }: {
    readonly name: string;
    readonly node: string;
    readonly nowMs: number;
  },
): object {
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: pod.namespace, name },
    eventTime: microTime(nowMs),
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: node.slice(0, 128) || "unknown",
    action: problem.event === "TokenRefused" ? "MintToken" : "AssignAccount",
    reason: problem.event,
    type: "Warning",
    regarding: {
      apiVersion: "v1",
      kind: "Pod",
      namespace: pod.namespace,
      name: pod.name,
      uid: pod.uid,
    },
    note: cutToBytes(problem.note, MAX_NOTE_BYTES),
  };
}

/**
 * Makes the change of an Event whose cause came up again.
 *
 * @param count Times that it came up, at least two.
 * @param nowMs When it came up last, in milliseconds since the Unix epoch.
 */
export function makeSeries(count: number, nowMs: number): object {
  return {
    series: { count: Math.max(2, count), lastObservedTime: microTime(nowMs) },
  };
}

/**
 * Names the Event of one pod and cause, the same at each start of the daemon: what an
 * earlier process has written is not written again.
 *
 * @param pod The pod.
 * @param key Identity of pod and cause.
 */
export async function nameEvent(pod: Pod, key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const suffix = new Uint8Array(digest).slice(0, 8).toHex();
  const stem = pod.name.slice(0, MAX_NAME - suffix.length - 1)
    .replace(/[^a-z0-9]+$/, "");
  return `${stem}.${suffix}`;
}

/** RFC 3339 with six digits of a second, as the API server wants it. */
function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace("Z", "000Z");
}

function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  // A character that was cut in two becomes a replacement character of three bytes.
  const kept = new TextDecoder().decode(bytes.slice(0, maxBytes - 6));
  return `${kept.replace(/\ufffd$/, "")}…`;
}
