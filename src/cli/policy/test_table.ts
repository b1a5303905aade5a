import type { AllowList } from "../../core/allow_list.ts";
import { findAllowingPattern } from "../../core/allow_list.ts";
import type { Pod } from "../../core/pod.ts";
import { decide, type Policy } from "../../core/policy.ts";
import type { DecisionRow } from "./decision_table.ts";

/** What became of a row. */
export interface RowResult {
  /** The row. */
  readonly row: DecisionRow;
  /** `allow`, or the reason of the refusal. */
  readonly got: string;
  /** Why, in one sentence without final period. */
  readonly because: string;
  /** Whether it is what the row expects. */
  readonly isExpected: boolean;
}

/**
 * Decides each row of a table as the daemon would, with allow-lists that count.
 *
 * @param rows Rows.
 * @param options The daemon's policy, and each namespace's list by its name.
 */
export function testRows(
  rows: readonly DecisionRow[],
  { policy, allowLists }: {
    readonly policy: Policy;
    readonly allowLists: ReadonlyMap<string, AllowList>;
  },
): readonly RowResult[] {
  const enforcing: Policy = { ...policy, restrictions: "enforce" };
  return rows.map((row) => {
    const list = allowLists.get(row.namespace);
    const decision = decide(enforcing, podOf(row), list);
    const [got, because] = decision.outcome === "deny"
      ? [decision.reason, decision.message]
      : ["allow", explainAllowed(decision.account, list)];
    return { row, got, because, isExpected: got === row.expect };
  });
}

function explainAllowed(account: string, list: AllowList | undefined): string {
  const pattern = list && findAllowingPattern(list, account);
  return pattern === undefined
    ? `${account} is the default account`
    : `The pattern ${JSON.stringify(pattern)} matches ${account}`;
}

function podOf({ namespace, account, scopes }: DecisionRow): Pod {
  return {
    uid: "",
    namespace,
    name: "",
    addresses: [],
    phase: "Running",
    isTerminating: false,
    createdAtMs: 0,
    hostNetwork: false,
    serviceAccountName: "default",
    accountAnnotation: account,
    scopesAnnotation: scopes,
  };
}
