import type { MintRequest } from "./mint.ts";
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
