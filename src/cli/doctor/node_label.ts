import { KubernetesApiError } from "../../kubernetes/api_client.ts";
import { failed, type Finding, notChecked, ok } from "./finding.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "Workload Identity of GKE";
const LABEL = "iam.gke.io/gke-metadata-server-enabled";

/**
 * Judges by the node's labels whether GKE's own metadata server has the address.
 *
 * @param labels Labels of the node.
 * @param node Its name.
 */
export function judgeNodeLabel(
  labels: Outcome<Readonly<Record<string, unknown>>>,
  node: string,
): Finding {
  if (labels.kind === "got") {
    return labels.value[LABEL] === "true"
      ? failed(
        NAME,
        `node ${node} has the label ${LABEL}=true: GKE's metadata server has the address that pods ask`,
        "Do not run both: leave this node to GKE, or turn it off by gcloud container node-pools update POOL --cluster=CLUSTER --workload-metadata=GCE_METADATA",
      )
      : ok(NAME, `node ${node} is without it`);
  }
  const { error } = labels.kind === "failed" ? labels : { error: undefined };
  if (error instanceof KubernetesApiError && error.status === 404) {
    return failed(
      NAME,
      `there is no node ${node}`,
      "Set kubernetes.node, or NODE_NAME of the environment, to the node's name in Kubernetes",
    );
  }
  return notChecked(NAME, describeMiss(labels, "get nodes"));
}
