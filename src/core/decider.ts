import type { AllowList } from "./allow_list.ts";
import type { Pod } from "./pod.ts";
import { decide, type Decision, type Policy } from "./policy.ts";

interface Decided {
  readonly policy: Policy;
  readonly namespace: AllowList | undefined;
  readonly decision: Decision;
}

/**
 * Makes a function that decides as {@linkcode decide} does, once for each state of pod,
 * allow-list and policy. A state that changes is another object, so an edited annotation
 * or allow-list still counts with the next request.
 */
export function createDecider(): typeof decide {
  const last = new WeakMap<Pod, Decided>();
  return (policy, pod, namespace) => {
    const known = last.get(pod);
    if (known?.policy === policy && known.namespace === namespace) {
      return known.decision;
    }
    const decision = decide(policy, pod, namespace);
    last.set(pod, { policy, namespace, decision });
    return decision;
  };
}
