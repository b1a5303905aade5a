import type { AllowList } from "./allow_list.ts";
import type { Pod } from "./pod.ts";
import type { Reason } from "./reason.ts";

/** The pod behind a connection, with what its namespace says. */
export interface Caller {
  /** The pod, as last heard of. */
  readonly pod: Pod;
  /** Allow-list of its namespace; `undefined` while not known or not needed. */
  readonly namespace: AllowList | undefined;
}

/** Outcome of asking who calls. */
export type Identification =
  | { readonly kind: "found"; readonly caller: Caller }
  | {
    readonly kind: "refused";
    readonly reason: Reason;
    readonly message: string;
  };

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
