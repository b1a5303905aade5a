/** What an access token of the sandbox stands for. */
export interface BearerAccount {
  /** E-mail of the account that the token acts as. */
  readonly account: string;
  /** Scopes of the token. */
  readonly scopes: readonly string[];
  /** Expiry in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** Mints opaque access tokens and remembers what each stands for, also past its expiry. */
export class TokenLedger {
  readonly #minted = new Map<string, BearerAccount>();
  readonly #prefix: string;
  readonly #length: number;

  /**
   * Creates an empty ledger.
   *
   * @param prefix Start of every token, which tells where a token came from.
   * @param length Least number of characters of a token; Google's have about 1,000.
   */
  constructor(prefix: string, length = 0) {
    this.#prefix = prefix;
    this.#length = length;
  }

  /** Every token minted so far, oldest first. */
  get tokens(): readonly string[] {
    return [...this.#minted.keys()];
  }

  /**
   * Mints a token that no one has seen before.
   *
   * @param bearer What the token stands for.
   */
  mint(bearer: BearerAccount): string {
    const token = `${this.#prefix}${crypto.randomUUID().replaceAll("-", "")}`
      .padEnd(this.#length, "x");
    this.#minted.set(token, bearer);
    return token;
  }

  /**
   * Tells what a token stands for; the caller compares the expiry.
   *
   * @param token Token to look up.
   * @returns `undefined` for a token that this ledger never minted.
   */
  describe(token: string): BearerAccount | undefined {
    return this.#minted.get(token);
  }
}
