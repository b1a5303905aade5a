import { leaveOut, type RuleGroup } from "./rule_group.ts";

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
    inspect: async () =>
      await isPossible()
        ? await group.inspect()
        : leaveOut("the tool or the kernel's part for it is missing"),
  };
}

/**
 * Makes a question that is asked until the answer is certain, and then no more.
 *
 * @param ask Finds the answer out; a failure of the moment is no certain one.
 * @param isCertain Tells whether the answer will stay.
 */
export function untilCertain<T>(
  ask: () => Promise<T>,
  isCertain: (answer: T) => boolean,
): () => Promise<T> {
  let known: T | undefined;
  return async () => {
    if (known !== undefined) return known;
    const answer = await ask();
    if (isCertain(answer)) known = answer;
    return answer;
  };
}
