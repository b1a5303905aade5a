import { InterceptionError } from "./interception_error.ts";
import type { TableRules } from "./iptables_rules.ts";
import {
  type FoundRedirect,
  generationOf,
  withoutGeneration,
} from "./redirect_mark.ts";
import type { Plan } from "./rule_group.ts";

/** What `iptables -S` prints of the chains that {@linkcode TableRules} is about. */
export interface CapturedTable {
  /** Text of the built-in chain. */
  readonly builtin: string;
  /** Text of our chain, or `undefined` if there is none. */
  readonly own: string | undefined;
}

/**
 * Plans how the rules of one address family become what they should be.
 *
 * The document is one transaction for `iptables-restore --noflush`: it fills
 * our chains anew and moves each jump to the first place. It deletes each jump
 * exactly as often as it was seen, for one time too many would fail the whole.
 *
 * @param wanted Wanted rules, one entry a table.
 * @param captured What is there, in the same order.
 * @throws {InterceptionError} If a captured text is not of a built-in chain:
 * taking it for an empty one would add jumps without end.
 */
export function planIptables(
  wanted: readonly TableRules[],
  captured: readonly CapturedTable[],
): Plan {
  const drift: string[] = [];
  const order: string[] = [];
  const document: string[] = [];
  for (const [index, rules] of wanted.entries()) {
    const { builtin = "", own } = captured[index] ?? {};
    const lines = splitLines(builtin);
    if (!lines.some((line) => line.startsWith(`-P ${rules.builtin} `))) {
      throw new InterceptionError(
        `What iptables prints of chain ${rules.builtin} of table ${rules.table} is not understood`,
        { cause: new Error(builtin.slice(0, 200)) },
      );
    }
    const appended = lines.filter((line) => line.startsWith("-A "));
    const jumps = appended.filter((line) => line === `-A ${rules.jump}`).length;
    const isFirst = appended[0] === `-A ${rules.jump}`;
    drift.push(...describeJumps(rules, jumps), ...describeChain(rules, own));
    if (jumps > 0 && !isFirst) {
      order.push(`${rules.table}: ${nameJump(rules)} is not the first rule`);
    }
    document.push(...writeTable(rules, jumps));
  }
  return {
    drift: [...drift, ...order],
    isMereOrder: drift.length === 0 && order.length > 0,
    redirect: captured.map(({ own }) => readRedirect(own ?? "")).find((each) =>
      each !== undefined
    ),
    document: document.map((line) => `${line}\n`).join(""),
  };
}

function splitLines(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
}

function describeJumps(rules: TableRules, jumps: number): readonly string[] {
  if (jumps === 0) return [`${rules.table}: no ${nameJump(rules)}`];
  return jumps === 1
    ? []
    : [`${rules.table}: ${jumps} times the ${nameJump(rules)}`];
}

function nameJump({ builtin, chain }: TableRules): string {
  return `jump from ${builtin} to ${chain}`;
}

function describeChain(
  rules: TableRules,
  own: string | undefined,
): readonly string[] {
  if (own === undefined) return [`${rules.table}: no chain ${rules.chain}`];
  const wanted = [
    `-N ${rules.chain}`,
    ...rules.rules.map((rule) => `-A ${withoutGeneration(rule)}`),
  ];
  const found = splitLines(own).map(withoutGeneration);
  return found.join("\n") === wanted.join("\n")
    ? []
    : [`${rules.table}: chain ${rules.chain} differs`];
}

/** The port is behind the last colon, the address in brackets if it has colons too. */
const TARGET = /^.* -j DNAT --to-destination \[?([0-9a-f.:]+?)\]?:(\d+)$/m;

function readRedirect(own: string): FoundRedirect | undefined {
  const [rule, host, port] = TARGET.exec(own) ?? [];
  return rule === undefined || host === undefined
    ? undefined
    : { host, port: Number(port), generation: generationOf(rule) };
}

function writeTable(rules: TableRules, jumps: number): readonly string[] {
  return [
    `*${rules.table}`,
    `:${rules.chain} - [0:0]`,
    ...rules.rules.map((rule) => `-A ${rule}`),
    ...Array.from({ length: jumps }, () => `-D ${rules.jump}`),
    `-I ${rules.jump.replace(" ", " 1 ")}`,
    "COMMIT",
  ];
}
