import type { Caller } from "./caller.ts";
import type { MintRequest } from "./mint.ts";
import { isLive } from "./pod.ts";
import type { Decision } from "./policy.ts";
import { containsScopes } from "./scopes.ts";

/** What a pod may have, as long as it lives and nothing is edited. */
export interface Grant {
  /** Uid of the pod. */
  readonly holder: string;
  /** E-mail of its account. */
  readonly account: string;
  /** Canonical scopes of its tokens. */
  readonly scopes: readonly string[];
}

/**
 * Names the token that a pod gets if it asks for nothing particular.
 *
 * @param grant What the pod may have.
 */
export function baseRequest({ account, scopes }: Grant): MintRequest {
  return { kind: "access-token", account, scopes };
}

/**
 * Tells whether a token is one that a pod may have.
 *
 * @param grant What the pod may have; `undefined` for a pod that may have nothing.
 * @param request What the token was minted for.
 */
export function covers(
  grant: Grant | undefined,
  request: MintRequest,
): boolean {
  if (grant === undefined || grant.account !== request.account) return false;
  return request.kind === "id-token" ||
    containsScopes(grant.scopes, request.scopes);
}

/**
 * Lists what each pod that can be making calls may have now.
 *
 * @param callers Every pod known, in any state.
 * @param decide Decides what a pod may have.
 */
export function* listGrants(
  callers: Iterable<Caller>,
  decide: (caller: Caller) => Decision,
): Generator<Grant, void, void> {
  for (const caller of callers) {
    const { pod } = caller;
    if (!isLive(pod) || pod.hostNetwork) continue;
    const decision = decide(caller);
    if (decision.outcome === "deny") continue;
    const { account, scopes } = decision;
    yield { holder: pod.uid, account, scopes };
  }
}
