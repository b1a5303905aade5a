import type { FoundRedirect, RedirectTarget } from "./redirect_mark.ts";

/**
 * Tells whose the redirect is, where two daemons run on one node for a while, as they
 * do in a rolling upgrade: the elder leaves it to the younger as long as that one
 * listens, and has it back if it dies.
 */
export class RedirectOwner {
  readonly #isServed: (target: RedirectTarget) => boolean | Promise<boolean>;
  #generation: number;
  #successor: FoundRedirect | undefined;

  /**
   * Creates an owner of no redirect yet.
   *
   * @param generation Greater than that of a daemon that started before.
   * @param isServed Tells whether anything listens.
   */
  constructor(
    generation: number,
    isServed: (target: RedirectTarget) => boolean | Promise<boolean>,
  ) {
    this.#generation = generation;
    this.#isServed = isServed;
  }

  /** Generation of the redirects that this process writes. */
  get generation(): number {
    return this.#generation;
  }

  /** The redirect of a younger daemon that has taken over. */
  get successor(): FoundRedirect | undefined {
    return this.#successor;
  }

  /**
   * Decides whether the redirect is this process's to write.
   *
   * @param target Where it should lead.
   * @param found The one that stands, if any.
   * @param how With `takesOver`, to have it even from a younger daemon that listens.
   */
  async claim(
    target: RedirectTarget,
    found: FoundRedirect | undefined,
    { takesOver }: { readonly takesOver: boolean },
  ): Promise<boolean> {
    this.#successor = undefined;
    if (found === undefined || found.generation <= this.#generation) {
      return true;
    }
    if (isSame(target, found)) {
      this.#generation = found.generation;
      return true;
    }
    if (!takesOver && await this.#isServed(found)) {
      this.#successor = found;
      return false;
    }
    this.#generation = found.generation + 1;
    return true;
  }
}

/**
 * Tells whether two redirects lead to the same port.
 *
 * @param one Where the one leads.
 * @param other Where the other leads.
 */
export function isSame(one: RedirectTarget, other: RedirectTarget): boolean {
  return one.host === other.host && one.port === other.port;
}
