import type { Plan, RuleGroup } from "./rule_group.ts";

const NOTHING: Plan = { drift: [], isMereOrder: false, document: "" };

/** A group of rules that adds safety where the node can have it, and is left out elsewhere. */
export class OptionalGroup implements RuleGroup {
  readonly name: string;
  readonly #group: RuleGroup;
  readonly #isPossible: () => Promise<boolean>;

  /**
   * Creates the group.
   *
   * @param group The rules.
   * @param isPossible Whether the node can have them; asked each time.
   */
  constructor(group: RuleGroup, isPossible: () => Promise<boolean>) {
    this.name = group.name;
    this.#group = group;
    this.#isPossible = isPossible;
  }

  /** @inheritDoc */
  async inspect(): Promise<Plan> {
    return await this.#isPossible() ? await this.#group.inspect() : NOTHING;
  }

  /** @inheritDoc */
  async write(document: string): Promise<void> {
    await this.#group.write(document);
  }
}

/**
 * Makes a question that is asked once, when it is asked first.
 *
 * @param ask Finds the answer out.
 */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => answer ??= ask();
}
