import type { Plan, RuleGroup } from "./rule_group.ts";

const NOTHING: Plan = { drift: [], isMereOrder: false, document: "" };

/**
 * Makes a group of rules one that adds safety where the node can have it, and is left
 * out elsewhere.
 *
 * @param group The rules.
 * @param isPossible Whether the node can have them; asked each time.
 */
export function makeOptional(
  group: RuleGroup,
  isPossible: () => Promise<boolean>,
): RuleGroup {
  return {
    ...group,
    inspect: async () => await isPossible() ? await group.inspect() : NOTHING,
  };
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
