import { adviseOn } from "../../core/advice.ts";
import { isLive, type Pod } from "../../core/pod.ts";
import { decide, type Policy } from "../../core/policy.ts";
import type { AnnotationKeys } from "../../kubernetes/decode.ts";
import { failed, type Finding, notChecked, ok, warning } from "./finding.ts";
import { limitFindings } from "./limit_findings.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "pods of this node";
const POD = "pod";

/**
 * Judges the annotations of the node's pods, whatever their namespaces say.
 *
 * @param pods The pods.
 * @param context Node, keys of the annotations, and policy in force.
 */
export function judgePods(
  pods: Outcome<readonly Pod[]>,
  { node, keys, policy }: {
    readonly node: string;
    readonly keys: AnnotationKeys;
    readonly policy: Policy;
  },
): readonly Finding[] {
  if (pods.kind !== "got") {
    return [notChecked(NAME, describeMiss(pods, "list pods"))];
  }
  const live = pods.value.filter(isLive);
  const annotated = live.filter(({ accountAnnotation }) =>
    accountAnnotation !== undefined
  );
  const place = node === "" ? "all nodes" : `node ${node}`;
  const found = live.flatMap((pod) => judgePod(pod, { keys, policy }));
  return [
    ok(
      NAME,
      `${live.length} on ${place}, ${annotated.length} with an account of their own`,
    ),
    ...limitFindings(found, "pods"),
  ];
}

function judgePod(
  pod: Pod,
  { keys, policy }: { readonly keys: AnnotationKeys; readonly policy: Policy },
): readonly Finding[] {
  const subject = `${pod.namespace}/${pod.name}`;
  const { misspeltKey } = pod;
  const context = { keys, namespace: pod.namespace, misspeltKey };
  if (pod.hostNetwork) {
    const wanted = pod.accountAnnotation ?? misspeltKey;
    return wanted === undefined ? [] : [warning(
      POD,
      `${subject} uses the node's network and gets the node's account, not the one of its annotation`,
      adviseOn("host-network", context),
    )];
  }
  if (misspeltKey !== undefined) {
    const { found, meant } = misspeltKey;
    return [failed(
      POD,
      `${subject} has the annotation ${found}, where ${meant} was probably meant`,
      adviseOn("no-account", context),
    )];
  }
  const decision = decide(
    { ...policy, restrictions: "off" },
    pod,
    undefined,
  );
  const isMalformed = decision.outcome === "deny" &&
    decision.reason.endsWith("-malformed");
  return isMalformed
    ? [
      failed(
        POD,
        `${subject}: ${decision.message}`,
        adviseOn(decision.reason, context),
      ),
    ]
    : [];
}
