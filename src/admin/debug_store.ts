import type { Caller } from "../core/caller.ts";
import { isLive, type Pod } from "../core/pod.ts";
import type { Decision } from "../core/policy.ts";

/**
 * Describes which pod gets which account, and why not; holds no secrets.
 *
 * The three maps are those that the Go original told.
 *
 * @param callers Every pod known, in any state.
 * @param decide Decides as for a request of the pod.
 * @returns Something to encode as JSON.
 */
export function describeStore(
  callers: Iterable<Caller>,
  decide: (caller: Caller) => Decision,
): unknown {
  const all = [...callers];
  const claimants = Map.groupBy(
    all.filter(({ pod }) => isLive(pod) && !pod.hostNetwork)
      .flatMap(({ pod }) => pod.addresses.map((address) => ({ address, pod }))),
    ({ address }) => address,
  );
  const each = <T>(value: (pod: Pod) => T): Record<string, T> =>
    Object.fromEntries(
      [...claimants].flatMap(([address, [claimant]]) =>
        claimant === undefined ? [] : [[address, value(claimant.pod)]]
      ),
    );
  const accountOf = (pod: Pod): string => pod.accountAnnotation ?? "";
  return {
    pods: all.map((caller) => describeCaller(caller, decide)),
    claimants: Object.fromEntries(
      [...claimants].map(([address, list]) => [
        address,
        list.map(({ pod }) => pod.uid),
      ]),
    ),
    namespaceByIP: each(({ namespace }) => namespace),
    serviceAccountByIP: each(accountOf),
    allowedServiceAccountsByNamespace: Object.fromEntries(
      all.flatMap(({ pod, namespace }) =>
        namespace?.kind === "patterns"
          ? [[pod.namespace, namespace.patterns.map(({ source }) => source)]]
          : []
      ),
    ),
  };
}

function describeCaller(
  caller: Caller,
  decide: (caller: Caller) => Decision,
): unknown {
  const { pod } = caller;
  return {
    namespace: pod.namespace,
    name: pod.name,
    uid: pod.uid,
    addresses: pod.addresses,
    phase: pod.phase,
    hostNetwork: pod.hostNetwork,
    isTerminating: pod.isTerminating,
    serviceAccountName: pod.serviceAccountName,
    accountAnnotation: pod.accountAnnotation,
    decision: decide(caller),
  };
}
