import { InterceptionError } from "./interception_error.ts";
import { ROUTING_PROTOCOL } from "./routing_rules.ts";
import type { Plan } from "./rule_group.ts";

/**
 * Plans how the routing rules of one address family become what they should be.
 *
 * The document for `ip -batch` adds first what is missing, and then removes what is
 * too much, first of that what closes: the node's own way is never cut between.
 *
 * @param wanted Wanted rules, in the words of `ip rule`.
 * @param listed What `ip -details -json rule show` prints.
 * @throws {InterceptionError} If the text is not understood.
 */
export function planRouting(wanted: readonly string[], listed: string): Plan {
  const found = readRoutingRules(listed);
  const missing = subtract(wanted, found);
  const excess = subtract(found, wanted).toSorted((one, other) =>
    rankOf(one) - rankOf(other)
  );
  return {
    drift: [
      ...missing.map((rule) => `no rule "${rule}"`),
      ...excess.map((rule) => `rule "${rule}" is too much`),
    ],
    isMereOrder: false,
    document: [
      ...missing.map((rule) => `rule add ${rule}`),
      ...excess.map((rule) => `rule del ${rule}`),
    ].map((line) => `${line} protocol ${ROUTING_PROTOCOL}\n`).join(""),
  };
}

/**
 * Reads our own rules.
 *
 * @param listed What `ip -details -json rule show` prints.
 * @returns The rules in the words of `ip rule`, in their order.
 * @throws {InterceptionError} If the text is not understood.
 */
export function readRoutingRules(listed: string): readonly string[] {
  return readList(listed)
    .filter(({ protocol }) => protocol === ROUTING_PROTOCOL)
    .map((rule) =>
      [
        ["pref", rule.priority],
        ["to", rule.dst],
        ["iif", rule.iif],
        ["ipproto", rule.ipproto],
        ["dport", rule.dport],
        ["goto", rule.goto],
      ].flatMap(([word, value]) => value === undefined ? [] : [word, value])
        .concat(
          rule.nop === null ? ["nop"] : [],
          rule.action === undefined ? [] : [rule.action],
        )
        .join(" ")
    );
}

interface ListedRule {
  readonly protocol?: string;
  readonly priority?: number;
  readonly dst?: string;
  readonly iif?: string;
  readonly ipproto?: string;
  readonly dport?: number;
  readonly goto?: number;
  readonly nop?: null;
  readonly action?: string;
}

function readList(text: string): readonly ListedRule[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list;
  } catch {
    // Told below.
  }
  throw new InterceptionError("What ip prints of its rules is not understood", {
    cause: new Error(text.slice(0, 200)),
  });
}

/** What closes goes before what lets through, and the end that others lead to last. */
function rankOf(rule: string): number {
  if (rule.endsWith(" prohibit")) return 0;
  return rule.endsWith(" nop") ? 2 : 1;
}

/** Takes each of the others away once. */
function subtract(
  from: readonly string[],
  others: readonly string[],
): readonly string[] {
  const left = [...others];
  return from.filter((each) => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
