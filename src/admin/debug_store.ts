import type { Caller } from "../core/caller.ts";
import type { Decision } from "../core/policy.ts";

/**
 * Describes which pod gets which account, and why not; holds no secrets.
 *
 * @param callers Every pod known, in any state.
 * @param decide Decides as for a request of the pod.
 * @returns Something to encode as JSON.
 */
export function describeStore(
  callers: Iterable<Caller>,
  decide: (caller: Caller) => Decision,
): unknown {
  return {
    pods: Array.from(callers, (caller) => describeCaller(caller, decide)),
  };
}

function describeCaller(
  caller: Caller,
  decide: (caller: Caller) => Decision,
): unknown {
  const { namespace, name, uid, addresses, phase, hostNetwork, isTerminating } =
    caller.pod;
  return {
    namespace,
    name,
    uid,
    addresses,
    phase,
    hostNetwork,
    isTerminating,
    decision: decide(caller),
  };
}
