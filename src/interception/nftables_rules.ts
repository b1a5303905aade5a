import type { Door, FamilyRules, Guard } from "./family_rules.ts";
import type { InterfaceMatch } from "./interface_match.ts";
import { markOf } from "./redirect_mark.ts";

/** Family and name of a table. */
export interface TableName {
  /** For both address families. */
  readonly family: "inet";
  /** Its name. */
  readonly name: string;
}

/** Our table, where nftables is the backend. */
export const TABLE: TableName = { family: "inet", name: "saassigner" };

/** Our table with a second guard, where iptables is the backend. */
export const GUARD_TABLE: TableName = {
  family: "inet",
  name: "saassigner-guard",
};

/** Name of the chain that guards. */
export const GUARD_CHAIN = "guard";

/** What a table of ours holds, in the language of `nft -j`. */
export interface TableContents {
  /** The table. */
  readonly table: TableName;
  /** Whether what else is in it does not belong there; else it is left alone. */
  readonly isComplete: boolean;
  /** Its sets. */
  readonly sets: readonly SetDefinition[];
  /** Its chains. */
  readonly chains: readonly ChainRules[];
}

/** A set that the kernel fills, one entry an address with open connections. */
export interface SetDefinition {
  /** Its name. */
  readonly name: string;
  /** Type of its entries. */
  readonly type: "ipv4_addr" | "ipv6_addr";
  /** Most entries. */
  readonly size: number;
}

/** A chain of our table, in the language of `nft -j`. */
export interface ChainRules {
  /** Its name. */
  readonly name: string;
  /** Where it is attached. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Comment of each rule. */
  readonly comment?: string;
  /** Its rules, each a list of statements. */
  readonly rules: readonly (readonly Statement[])[];
}

/** One statement of a rule, in the language of `nft -j`. */
export type Statement = Readonly<Record<string, unknown>>;

/**
 * Tells what our nftables table needs.
 *
 * The redirect has a priority of its own before `dstnat`, because of two nat
 * chains with the same priority the one registered last wins. The guard comes
 * right after all of `dstnat` and so before routing, which has a guard of its own:
 * whatever still is for the metadata server then has been missed by the redirect.
 * See `listTableRules` for what is checked of connections to the listener.
 *
 * @param wanted What is wanted in each address family.
 * @returns The chain `guard`; `input` if the listener can be reached, and
 * `prerouting` if any family has a redirect.
 */
export function listTableContents(
  wanted: readonly FamilyRules[],
): TableContents {
  const input = {
    name: "input",
    base: { type: "filter", hook: "input", prio: -10, policy: "accept" },
    rules: wanted.flatMap(listDoorRules),
  };
  const prerouting = {
    name: "prerouting",
    base: { type: "nat", hook: "prerouting", prio: -110, policy: "accept" },
    comment: markOf(
      Math.max(0, ...wanted.map(({ redirect }) => redirect?.generation ?? 0)),
    ),
    rules: wanted.flatMap(listRedirectRules),
  };
  const chains = [
    listGuardChain(wanted),
    ...wanted.some(({ door }) => door !== undefined) ? [input] : [],
    ...wanted.some(({ redirect }) => redirect !== undefined)
      ? [prerouting]
      : [],
  ];
  return {
    table: TABLE,
    isComplete: chains.length > 1,
    sets: wanted.flatMap(({ family, door }) =>
      door === undefined || door.connectionsPerPod === 0 ? [] : [SETS[family]]
    ),
    chains,
  };
}

/**
 * Tells what the table of the second guard needs.
 *
 * @param wanted What is wanted in each address family.
 */
export function listGuardTable(
  wanted: readonly FamilyRules[],
): TableContents {
  return {
    table: GUARD_TABLE,
    isComplete: true,
    sets: [],
    chains: [listGuardChain(wanted)],
  };
}

function listGuardChain(wanted: readonly FamilyRules[]): ChainRules {
  return {
    name: GUARD_CHAIN,
    base: { type: "filter", hook: "prerouting", prio: -90, policy: "accept" },
    rules: wanted.flatMap(listGuardRules),
  };
}

const SETS: Readonly<Record<FamilyRules["family"], SetDefinition>> = {
  IPv4: { name: "callers4", type: "ipv4_addr", size: 65_535 },
  IPv6: { name: "callers6", type: "ipv6_addr", size: 65_535 },
};

function listGuardRules(
  wanted: FamilyRules,
): readonly (readonly Statement[])[] {
  const port: Readonly<Record<Guard, Statement | undefined>> = {
    all: matchPort("!=", 53),
    http: matchPort("==", 80),
    off: undefined,
  };
  const closed = port[wanted.guard];
  // Where the address is the node's own, its own packets come in by `lo`.
  return closed === undefined ? [] : [[
    compareInterface("!=", "lo"),
    matchDestination(wanted, wanted.address),
    closed,
    COUNTER,
    RESET,
  ]];
}

function listDoorRules(
  wanted: FamilyRules,
): readonly (readonly Statement[])[] {
  return wanted.door === undefined ? [] : listRefusals(wanted, wanted.door);
}

function listRefusals(
  wanted: FamilyRules,
  { host, ports, connectionsPerPod, refuseDirect }: Door,
): readonly (readonly Statement[])[] {
  const toPort = [
    compareInterface("!=", "lo"),
    ...host === undefined ? [] : [matchDestination(wanted, host)],
    matchPort("==", ...ports),
  ];
  const protocol = protocolOf(wanted);
  const source = { payload: { protocol, field: "saddr" } };
  const isNew = {
    match: { op: "in", left: { ct: { key: "state" } }, right: "new" },
  };
  const isTooMany = {
    set: {
      op: "add",
      elem: source,
      set: `@${SETS[wanted.family].name}`,
      stmt: [{ "ct count": { val: connectionsPerPod, inv: true } }],
    },
  };
  const wasRedirected = {
    match: {
      op: "==",
      left: { ct: { key: `${protocol} daddr`, dir: "original" } },
      right: wanted.address,
    },
  };
  return [
    ...connectionsPerPod === 0
      ? []
      : [[...toPort, isNew, isTooMany, COUNTER, RESET]],
    ...refuseDirect
      ? [
        [...toPort, wasRedirected, { accept: null }],
        [...toPort, ofFamily(wanted), COUNTER, RESET],
      ]
      : [],
  ];
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
    matchDestination(wanted, wanted.address),
    matchPort("==", 80),
    COUNTER,
    { dnat },
  ]);
}

const COUNTER: Statement = { counter: { packets: 0, bytes: 0 } };

const RESET: Statement = { reject: { type: "tcp reset" } };

function matchInterface(
  match: InterfaceMatch,
): readonly (readonly Statement[])[] {
  return match.kind === "not"
    ? [[compareInterface("!=", match.name)]]
    // `+` alone is every interface, which nft says by no match at all.
    : match.names.map((name) =>
      name === "+" ? [] : [compareInterface("==", name)]
    );
}

function compareInterface(op: "==" | "!=", name: string): Statement {
  return {
    match: {
      op,
      left: { meta: { key: "iifname" } },
      right: name.replace(/\+$/, "*"),
    },
  };
}

function ofFamily({ family }: FamilyRules): Statement {
  return {
    match: {
      op: "==",
      left: { meta: { key: "nfproto" } },
      right: family === "IPv4" ? "ipv4" : "ipv6",
    },
  };
}

function matchDestination(wanted: FamilyRules, address: string): Statement {
  return {
    match: {
      op: "==",
      left: { payload: { protocol: protocolOf(wanted), field: "daddr" } },
      right: address,
    },
  };
}

function matchPort(
  op: "==" | "!=",
  ...ports: readonly number[]
): Statement {
  const [port] = ports;
  return {
    match: {
      op,
      left: { payload: { protocol: "tcp", field: "dport" } },
      right: ports.length > 1 ? { set: ports } : port,
    },
  };
}

function protocolOf({ family }: FamilyRules): "ip" | "ip6" {
  return family === "IPv4" ? "ip" : "ip6";
}
