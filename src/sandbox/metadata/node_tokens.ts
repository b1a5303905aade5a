import { type BearerAccount, TokenLedger } from "../token_ledger.ts";

/** The service account of the emulated node. */
export interface NodeAccountOptions {
  /** E-mail of the account. */
  readonly email: string;
  /** Scopes that its tokens carry. */
  readonly scopes: readonly string[];
  /** Life of a fresh token. */
  readonly tokenLifetimeSeconds: number;
}

/** An access token with what is left of it. */
export interface NodeToken {
  /** Bearer value. */
  readonly token: string;
  /** Expiry in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Whole seconds left. */
  readonly expiresInSeconds: number;
}

/** A token with less than this left is replaced, as the metadata server does. */
const renewBeforeMs = 240_000;

/** Mints and caches the node's own access tokens, across changes of the account. */
export class NodeTokens {
  readonly #ledger = new TokenLedger("ya29.c.node-");
  readonly #cached = new Map<string, NodeToken>();
  readonly #now: () => number;

  /**
   * Creates an empty cache.
   *
   * @param now Returns the current time in milliseconds.
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Every token minted so far, oldest first, expired ones included. */
  get tokens(): readonly string[] {
    return this.#ledger.tokens;
  }

  /**
   * Returns the cached token, or a new one when less than four minutes are left.
   *
   * @param account Account to act as.
   * @param scopes Scopes of the token; cached for each set.
   */
  take(account: NodeAccountOptions, scopes: readonly string[]): NodeToken {
    const nowMs = this.#now();
    const key = [account.email, ...[...scopes].sort()].join(" ");
    const cached = this.#cached.get(key);
    if (cached !== undefined && cached.expiresAtMs - nowMs >= renewBeforeMs) {
      return {
        ...cached,
        expiresInSeconds: Math.floor((cached.expiresAtMs - nowMs) / 1000),
      };
    }
    const expiresAtMs = nowMs + account.tokenLifetimeSeconds * 1000;
    const token = this.#ledger.mint({
      account: account.email,
      scopes,
      expiresAtMs,
    });
    const fresh = {
      token,
      expiresAtMs,
      expiresInSeconds: account.tokenLifetimeSeconds,
    };
    this.#cached.set(key, fresh);
    return fresh;
  }

  /**
   * Tells what a node token stands for.
   *
   * @param token Token to look up; expired ones are still known.
   */
  describe(token: string): BearerAccount | undefined {
    return this.#ledger.describe(token);
  }
}
