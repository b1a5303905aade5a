import { adviseToMove, type Controller } from "../../core/controller.ts";
import { failed, type Finding, notChecked, ok } from "./finding.ts";
import { limitFindings } from "./limit_findings.ts";
import { describeMiss, type Outcome } from "./probe.ts";

const NAME = "controllers";

/** The controllers of one kind, in all namespaces. */
export interface ListedControllers {
  /** Their resource, such as `deployments`. */
  readonly resource: string;
  /** They, without those that other built-in controllers made. */
  readonly outcome: Outcome<readonly Controller[]>;
}

/**
 * Judges whether controllers have the account annotation where their pods get it.
 *
 * @param listed The controllers by kind.
 * @returns One finding a controller that has it elsewhere, and one for the kinds that could
 * not be listed.
 */
export function judgeControllers(
  listed: readonly ListedControllers[],
): readonly Finding[] {
  const controllers = listed.flatMap(({ outcome }) =>
    outcome.kind === "got" ? outcome.value : []
  );
  const found = controllers.flatMap(judgeController);
  const seen = listed.filter(({ outcome }) => outcome.kind === "got");
  return [
    ...seen.length === 0 || found.length > 0
      ? []
      : [ok(NAME, `${controllers.length}, none with a misplaced annotation`)],
    ...limitFindings(found, NAME),
    ...describeMisses(listed),
  ];
}

function judgeController(controller: Controller): readonly Finding[] {
  const { type, namespace, name, isFinished, misplaced } = controller;
  if (misplaced === undefined || isFinished) return [];
  return [failed(
    "controller",
    `${type.kind} ${namespace}/${name} has ${misplaced.accountKey} in ${misplaced.at}, which its pods do not get`,
    adviseToMove(controller, misplaced),
  )];
}

/** Kinds that were missed for the same reason share a line. */
function describeMisses(
  listed: readonly ListedControllers[],
): readonly Finding[] {
  const misses = listed.flatMap(({ resource, outcome }) =>
    outcome.kind === "got" ? [] : [{ resource, outcome }]
  );
  const alike = Map.groupBy(
    misses,
    ({ outcome }) => describeMiss(outcome, "list"),
  );
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    const resources = group.map(({ resource }) => resource).join(", ");
    return first === undefined
      ? []
      : [notChecked(NAME, describeMiss(first.outcome, `list ${resources}`))];
  });
}
