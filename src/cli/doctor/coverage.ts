import { isLive } from "../../core/pod.ts";
import { DAEMON_LABEL, type PlacedPod } from "./cluster_facts.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "daemons";
const SELECTOR = `${DAEMON_LABEL.key}=${DAEMON_LABEL.value}`;
const SHOWN = 5;

/**
 * Judges whether each node that has annotated pods has a daemon that is ready.
 *
 * @param pods Pods of all nodes.
 */
export function judgeCoverage(pods: Outcome<readonly PlacedPod[]>): Finding {
  if (pods.kind !== "got") {
    return notChecked(NAME, describeMiss(pods, "list pods"));
  }
  const wanted = nodesOf(
    pods.value.filter(({ pod }) =>
      isLive(pod) && !pod.hostNetwork && pod.accountAnnotation !== undefined
    ),
  );
  if (wanted.length === 0) {
    return ok(NAME, "no pod of the cluster has an account of its own");
  }
  const daemons = pods.value.filter(({ isDaemon }) => isDaemon);
  if (daemons.length === 0) {
    return warning(
      NAME,
      `no pod of the cluster has the label ${SELECTOR}`,
      "Apply the manifests: kubectl apply -k deploy/kustomize/base",
    );
  }
  const ready = new Set(nodesOf(daemons.filter(({ isReady }) => isReady)));
  const missing = wanted.filter((node) => !ready.has(node));
  if (missing.length === 0) {
    return ok(NAME, `ready on all ${wanted.length} nodes with annotated pods`);
  }
  const names = missing.slice(0, SHOWN).join(", ") +
    (missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : "");
  return failed(
    NAME,
    `none is ready on ${missing.length} of ${wanted.length} nodes with annotated pods: ${names}`,
    `See why: kubectl get pods --all-namespaces --output=wide --selector=${SELECTOR}`,
  );
}

function nodesOf(pods: readonly PlacedPod[]): readonly string[] {
  return [...new Set(pods.map(({ node }) => node))]
    .filter((node) => node !== "").sort();
}
