import type { AllowList } from "./allow_list.ts";
import type { Lookup, Pod } from "./pod.ts";
import type { Reason } from "./reason.ts";

/** The pod behind a connection, with what its namespace says. */
export interface Caller {
  /** The pod, as last heard of. */
  readonly pod: Pod;
  /** Allow-list of its namespace; `undefined` while not known or not needed. */
  readonly namespace: AllowList | undefined;
}

/** A caller that cannot be told, and so gets nothing. */
export interface CallerRefusal {
  /** Tells it from a caller that was found. */
  readonly kind: "refused";
  /** Why. */
  readonly reason: Reason;
  /** One sentence that the caller may read. */
  readonly message: string;
}

/** Refuses a caller whose namespace is not known, where that has to be. */
export const UNKNOWN_NAMESPACE: CallerRefusal = {
  kind: "refused",
  reason: "not-synced",
  message: "The pod's namespace is not known yet; try again",
};

/** Outcome of asking who calls. */
export type Identification =
  | { readonly kind: "found"; readonly caller: Caller }
  | CallerRefusal;

/**
 * Refuses a caller that looking for its pod did not find.
 *
 * @param kind Outcome of the lookup.
 */
export function refuseLookup(
  kind: Exclude<Lookup["kind"], "found">,
): CallerRefusal {
  switch (kind) {
    case "unknown":
      return {
        kind: "refused",
        reason: "unknown-caller",
        message: "No running pod of this node has the caller's address",
      };
    case "ambiguous":
      return {
        kind: "refused",
        reason: "ambiguous-caller",
        message: "More than one pod has the caller's address",
      };
    case "host-network":
      return {
        kind: "refused",
        reason: "host-network",
        message: "Pods on the node's network get no token",
      };
  }
}

/**
 * Finds out which pod calls, if that can be told without waiting.
 *
 * @param address Canonical remote address of the connection, never a header.
 * @returns Nothing if it has to be waited for.
 */
export type IdentifyNow = (address: string) => Identification | undefined;

/**
 * Finds out which pod calls, and waits for one that is not known yet.
 *
 * @param address Canonical remote address of the connection, never a header.
 * @param signal Ends the wait.
 */
export type Identify = (
  address: string,
  signal: AbortSignal,
) => Promise<Identification>;
