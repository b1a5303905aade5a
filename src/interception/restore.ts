import { InterceptionError } from "./interception_error.ts";
import type { Plan, RuleGroup } from "./rule_group.ts";

/** Times that one group is written before a check gives up until the next. */
const MAX_WRITES = 2;

/** How a group of rules was found. */
export interface Look {
  /** What was found, and the remedy. */
  readonly plan?: Plan;
  /** Why that cannot be told, without a plan. */
  readonly failure?: unknown;
}

/**
 * Looks at a group.
 *
 * @param group The group.
 * @returns What was found, or the failure; does not throw.
 */
export async function lookAt(group: RuleGroup): Promise<Look> {
  try {
    return { plan: await group.inspect() };
  } catch (failure) {
    return { failure };
  }
}

/**
 * Writes a group until it reads back as wanted, a bounded number of times: a
 * tool that misreads what it wrote would otherwise add rules without end.
 *
 * @param group The group.
 * @param found What a look just before has found.
 * @throws {InterceptionError} If it is not as wanted then.
 */
export async function restore(group: RuleGroup, found: Plan): Promise<void> {
  let plan = found;
  for (let writes = 1; plan.drift.length > 0; writes++) {
    try {
      await group.write(plan.document);
    } catch (error) {
      // Another program may have changed the rules since they were read.
      if (writes >= MAX_WRITES) throw error;
    }
    plan = await group.inspect();
    if (plan.drift.length > 0 && writes >= MAX_WRITES) {
      throw new InterceptionError(
        `${group.name}: the rules were written, but read back otherwise: ${
          plan.drift.join("; ")
        }`,
      );
    }
  }
}
