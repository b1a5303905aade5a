import type { Reason } from "./reason.ts";
import type { Token } from "./token.ts";

/** What is wanted of Google: an OAuth access token or an OpenID Connect ID token. */
export type MintRequest =
  | {
    readonly kind: "access-token";
    /** E-mail of the account to act as. */
    readonly account: string;
    /** Canonical scopes, at least one. */
    readonly scopes: readonly string[];
  }
  | {
    readonly kind: "id-token";
    /** E-mail of the account to act as. */
    readonly account: string;
    /** Audience, byte for byte as the caller asked for it after percent-decoding. */
    readonly audience: string;
    /** Form the caller asked for; tokens of different form are never mixed. */
    readonly format: "standard" | "full";
    /** Whether licence claims were asked for; part of the key for the same reason. */
    readonly licenses: boolean;
  };

/**
 * Obtains a token for one Google service account.
 *
 * The one seam between HTTP and everything that costs a network call: the
 * Google client, the cache and the budget all have this type.
 *
 * @param request What is wanted, in canonical form.
 * @param signal Ends the caller's wait; the promise then rejects with its reason.
 * @param holder Uid of the pod that the token is for, to which places and calls are
 * counted; left out where the daemon provides for pods by itself.
 * @returns A token with at least one second left.
 * @throws {MintError} If no token can be had.
 */
export type Mint = (
  request: MintRequest,
  signal: AbortSignal,
  holder?: string,
) => Promise<Token>;

/** Why no token could be had, as far as the caller is concerned. */
export type MintFailure =
  /** IAM refuses: the node's account may not act as this one, or it does not exist. */
  | "iam-denied"
  /** IAM finds the request itself at fault, for example an unknown scope. */
  | "iam-rejected"
  /** IAM did not answer, is over quota, failed, or took too long. */
  | "iam-unavailable"
  /** The node itself has no usable credentials: no caller is at fault. */
  | "node-credentials"
  /** Too many calls of IAM wait already. */
  | "overload";

/** What is known of a failure besides its kind. */
export interface MintErrorOptions extends ErrorOptions {
  /**
   * Whether the same call may succeed a little later; by default only if IAM is
   * unavailable.
   */
  readonly isTransient?: boolean;
  /** Time for which Google wants no further call, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Thrown when a token cannot be had; keeps apart what a caller may read and what only the log may hold. */
export class MintError extends Error {
  /** What went wrong. */
  readonly failure: MintFailure;
  /** Whether the same call may succeed a little later. */
  readonly isTransient: boolean;
  /** Time for which Google wants no further call, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /**
   * Creates the error.
   *
   * @param failure What went wrong.
   * @param publicMessage One sentence that the calling pod may read; no upstream text.
   * @param options `cause` is the error underneath, for the log.
   */
  constructor(
    failure: MintFailure,
    publicMessage: string,
    options: MintErrorOptions = {},
  ) {
    super(publicMessage, options);
    this.name = "MintError";
    this.failure = failure;
    this.isTransient = options.isTransient ?? failure === "iam-unavailable";
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The stable reason code, or `undefined` where the caller's parameters are at fault. */
  get reason(): Reason | undefined {
    return this.failure === "iam-rejected" ? undefined : this.failure;
  }
}

/**
 * Gives a token that is in memory.
 *
 * @param request What is wanted.
 * @param holder Uid of the pod that it is for.
 * @returns Nothing if it has to be waited for.
 */
export type MintNow = (
  request: MintRequest,
  holder: string,
) => Token | undefined;

/**
 * Gives the key under which equal requests share one token.
 *
 * @param request What is wanted, in canonical form.
 * @returns A key that no two different requests share.
 */
export function mintKey(request: MintRequest): string {
  return request.kind === "access-token"
    ? accessKey(request.account, request.scopes)
    : JSON.stringify([
      request.account,
      request.audience,
      request.format,
      request.licenses,
    ]);
}

/** Keys of access tokens, by their scopes and account: most requests ask with the same list. */
const accessKeys = new WeakMap<readonly string[], Map<string, string>>();

/** Accounts with a key in memory, for each list of scopes. */
const MAX_KEYS = 256;

function accessKey(account: string, scopes: readonly string[]): string {
  let keys = accessKeys.get(scopes);
  if (keys === undefined) accessKeys.set(scopes, keys = new Map());
  const known = keys.get(account);
  if (known !== undefined) return known;
  const key = JSON.stringify([account, scopes]);
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(account, key);
  return key;
}
