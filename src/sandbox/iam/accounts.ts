import { deriveUniqueId } from "../unique_id.ts";

/** The service accounts that exist, and who may act as each of them. */
export class IamAccounts {
  readonly #members = new Map<string, Set<string>>();

  /** Creates a registry without accounts. */
  constructor() {}

  /**
   * Makes an account exist; one that does keeps its grants.
   *
   * @param email E-mail of the account.
   */
  add(email: string): void {
    if (!this.#members.has(email)) this.#members.set(email, new Set());
  }

  /**
   * Deletes an account with its grants.
   *
   * @param email E-mail of the account.
   */
  remove(email: string): void {
    this.#members.delete(email);
  }

  /**
   * Lets a member act as an account, which comes into being if need be.
   *
   * @param email Account to act as.
   * @param member E-mail of who may; an account is no member of itself by itself.
   */
  grant(email: string, member: string): void {
    this.add(email);
    this.#members.get(email)?.add(member);
  }

  /**
   * Takes a grant back.
   *
   * @param email Account to act as.
   * @param member E-mail of who may no longer.
   */
  revoke(email: string, member: string): void {
    this.#members.get(email)?.delete(member);
  }

  /**
   * Finds an account.
   *
   * @param name E-mail or unique id.
   * @returns The e-mail, or `undefined` if there is no such account.
   */
  find(name: string): string | undefined {
    if (this.#members.has(name)) return name;
    return [...this.#members.keys()].find((email) =>
      deriveUniqueId(email) === name
    );
  }

  /**
   * Finds the first hop of a delegation chain that is not granted.
   *
   * @param caller Who calls.
   * @param chain E-mails, first delegate first, the account to act as last.
   * @returns Index in the chain, or `undefined` if every hop is granted.
   */
  findMissingGrant(
    caller: string,
    chain: readonly string[],
  ): number | undefined {
    const missing = chain.findIndex((email, index) =>
      this.#members.get(email)?.has(chain[index - 1] ?? caller) !== true
    );
    return missing < 0 ? undefined : missing;
  }
}
