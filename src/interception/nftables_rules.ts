import type { FamilyRules, Guard } from "./family_rules.ts";
import type { InterfaceMatch } from "./interface_match.ts";

/** Family and name of our table. */
export const TABLE = { family: "inet", name: "saassigner" } as const;

/** Name of the chain that guards. */
export const GUARD_CHAIN = "guard";

/** A chain of our table, in the language of `nft -j`. */
export interface ChainRules {
  /** Its name. */
  readonly name: string;
  /** Where it is attached. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Its rules, each a list of statements. */
  readonly rules: readonly (readonly Statement[])[];
}

/** One statement of a rule, in the language of `nft -j`. */
export type Statement = Readonly<Record<string, unknown>>;

/**
 * Tells which chains our nftables table needs.
 *
 * The redirect has a priority of its own before `dstnat`, because of two nat
 * chains with the same priority the one registered last wins. The guard is
 * asked before every filter of iptables; see `listTableRules` for what it sees.
 *
 * @param wanted What is wanted in each address family.
 * @returns The chain `guard`, and `prerouting` if any family has a redirect.
 */
export function listChains(
  wanted: readonly FamilyRules[],
): readonly ChainRules[] {
  const guard = {
    name: GUARD_CHAIN,
    base: { type: "filter", hook: "forward", prio: -10, policy: "accept" },
    rules: wanted.flatMap(listGuardRules),
  };
  if (wanted.every(({ redirect }) => redirect === undefined)) return [guard];
  return [guard, {
    name: "prerouting",
    base: { type: "nat", hook: "prerouting", prio: -110, policy: "accept" },
    rules: wanted.flatMap(listRedirectRules),
  }];
}

function listGuardRules(
  wanted: FamilyRules,
): readonly (readonly Statement[])[] {
  const port: Readonly<Record<Guard, Statement | undefined>> = {
    all: matchPort("!=", 53),
    http: matchPort("==", 80),
    off: undefined,
  };
  const closed = port[wanted.guard];
  return closed === undefined ? [] : [[
    matchDestination(wanted),
    closed,
    COUNTER,
    { reject: { type: "tcp reset" } },
  ]];
}

function listRedirectRules(
  wanted: FamilyRules,
): readonly (readonly Statement[])[] {
  const { redirect } = wanted;
  if (redirect === undefined) return [];
  const dnat = {
    family: protocolOf(wanted),
    addr: redirect.host,
    port: redirect.port,
  };
  return matchInterface(redirect.match).map((interfaces) => [
    ...interfaces,
    matchDestination(wanted),
    matchPort("==", 80),
    COUNTER,
    { dnat },
  ]);
}

const COUNTER: Statement = { counter: { packets: 0, bytes: 0 } };

function matchInterface(
  match: InterfaceMatch,
): readonly (readonly Statement[])[] {
  const compare = (op: "==" | "!=", name: string): Statement => ({
    match: {
      op,
      left: { meta: { key: "iifname" } },
      right: name.replace(/\+$/, "*"),
    },
  });
  return match.kind === "not"
    ? [[compare("!=", match.name)]]
    // `+` alone is every interface, which nft says by no match at all.
    : match.names.map((name) => name === "+" ? [] : [compare("==", name)]);
}

function matchDestination(wanted: FamilyRules): Statement {
  return {
    match: {
      op: "==",
      left: { payload: { protocol: protocolOf(wanted), field: "daddr" } },
      right: wanted.address,
    },
  };
}

function matchPort(op: "==" | "!=", port: number): Statement {
  return {
    match: {
      op,
      left: { payload: { protocol: "tcp", field: "dport" } },
      right: port,
    },
  };
}

function protocolOf({ family }: FamilyRules): "ip" | "ip6" {
  return family === "IPv4" ? "ip" : "ip6";
}
