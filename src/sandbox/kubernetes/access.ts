import type { Action } from "./route.ts";
import { KubernetesStatusError } from "./status.ts";

/** Allows one verb on one resource; `*` stands for all. */
export interface AccessRule {
  /** Verb, such as `list`. */
  readonly verb: string;
  /** Resource, such as `pods` or `pods/status`. */
  readonly resource: string;
}

/** A bearer token that the emulated API server accepts. */
export interface AcceptedToken {
  /** The token as it stands in the Authorization header. */
  readonly token: string;
  /** Who holds it; the token itself if left out. */
  readonly user?: string;
  /** What its holder may do; everything if left out. */
  readonly rules?: readonly AccessRule[];
}

/** Who sent a request. */
export interface ApiUser {
  /** Name; `undefined` where nobody has to authenticate. */
  readonly name: string | undefined;
  /** What the user may do; everything if `undefined`. */
  readonly rules: readonly AccessRule[] | undefined;
}

/** Decides who may talk to the emulated API server, and what they may do. */
export class KubernetesAccess {
  #tokens: ReadonlyMap<string, AcceptedToken> | undefined;

  /**
   * Creates the access rules.
   *
   * @param tokens Accepted tokens; left out, everyone may do everything.
   */
  constructor(tokens?: readonly (string | AcceptedToken)[]) {
    if (tokens !== undefined) this.acceptTokens(tokens);
  }

  /**
   * Replaces the accepted tokens.
   *
   * @param tokens Accepted from now on; none other is.
   */
  acceptTokens(tokens: readonly (string | AcceptedToken)[]): void {
    const accepted = tokens.map((token) =>
      typeof token === "string" ? { token } : token
    );
    this.#tokens = new Map(accepted.map((entry) => [entry.token, entry]));
  }

  /**
   * Finds out who sent a request.
   *
   * @param authorization Value of the Authorization header, if any.
   * @returns The user, or `undefined` if a token is missing or not accepted.
   */
  authenticate(authorization: string | undefined): ApiUser | undefined {
    if (this.#tokens === undefined) {
      return { name: undefined, rules: undefined };
    }
    const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    const accepted = token === undefined ? undefined : this.#tokens.get(token);
    if (accepted === undefined) return undefined;
    return { name: accepted.user ?? accepted.token, rules: accepted.rules };
  }
}

/**
 * Tells whether a user may do something.
 *
 * @param user Who asks.
 * @param wanted Verb, and resource with its subresource.
 */
export function isAllowed(user: ApiUser, wanted: AccessRule): boolean {
  return user.rules === undefined ||
    user.rules.some((rule) =>
      ["*", wanted.verb].includes(rule.verb) &&
      ["*", wanted.resource].includes(rule.resource)
    );
}

/**
 * Checks that a user may do something. Paths outside the resources are open to all users.
 *
 * @param user Who asks.
 * @param action What for.
 * @throws {KubernetesStatusError} If no rule allows it (403).
 */
export function authorise(user: ApiUser, action: Action): void {
  const { verb, resource, type, namespace, name } = action;
  if (type === undefined || isAllowed(user, { verb, resource })) return;
  const subject = name === undefined
    ? type.resource
    : `${type.resource} "${name}"`;
  const place = namespace === undefined
    ? "at the cluster scope"
    : `in the namespace "${namespace}"`;
  throw new KubernetesStatusError(
    403,
    `${subject} is forbidden: User "${
      user.name ?? ""
    }" cannot ${verb} resource ` +
      `"${resource}" in API group "${type.group}" ${place}`,
    { details: { name, kind: type.resource } },
  );
}
