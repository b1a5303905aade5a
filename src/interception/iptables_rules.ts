import type { FamilyRules, Guard, Redirect } from "./family_rules.ts";
import type { InterfaceMatch } from "./interface_match.ts";

/** Our chain in one iptables table, and the built-in chain that jumps there first of all. */
export interface TableRules {
  /** Table, such as `nat`. */
  readonly table: "filter" | "raw" | "nat";
  /** Built-in chain whose first rule must be the jump. */
  readonly builtin: "FORWARD" | "PREROUTING";
  /** Our own chain. */
  readonly chain: string;
  /** The jump, exactly as `-S` prints it after `-A`. */
  readonly jump: string;
  /** Rules of our chain, exactly as `-S` prints them after `-A`. */
  readonly rules: readonly string[];
}

/**
 * Tells which iptables rules one address family needs.
 *
 * The guard comes first, so that the order of writing never leaves a redirect
 * without it. It sees only what no redirect has caught (a redirected packet is
 * for the node itself and is not forwarded), and refuses that. The bypass in
 * `raw` keeps the packets from rules of others that take them out of
 * connection tracking, as some GKE nodes have them: such packets never reach `nat`.
 *
 * @param wanted What is wanted.
 * @returns One entry a table.
 */
export function listTableRules(wanted: FamilyRules): readonly TableRules[] {
  const destination = `-d ${wanted.address}/${
    wanted.family === "IPv4" ? 32 : 128
  }`;
  const guard = {
    table: "filter",
    builtin: "FORWARD",
    ...listGuardRules(destination, wanted.guard),
  } as const;
  if (wanted.redirect === undefined) return [guard];
  return [
    guard,
    {
      table: "raw",
      builtin: "PREROUTING",
      ...listChainRules("SAASSIGNER-TRACK", "PREROUTING", {
        matches: matchRequests(destination, wanted.redirect.match),
        target: "-m comment --comment saassigner-track -j ACCEPT",
      }),
    },
    {
      table: "nat",
      builtin: "PREROUTING",
      ...listChainRules("SAASSIGNER-METADATA", "PREROUTING", {
        matches: matchRequests(destination, wanted.redirect.match),
        target:
          `-m comment --comment saassigner-metadata -j DNAT --to-destination ${
            formatTarget(wanted, wanted.redirect)
          }`,
      }),
    },
  ];
}

type OwnChain = Pick<TableRules, "chain" | "jump" | "rules">;

function listGuardRules(destination: string, guard: Guard): OwnChain {
  const ports = { all: ["! --dport 53"], http: ["--dport 80"], off: [] }[guard];
  return listChainRules("SAASSIGNER-GUARD", "FORWARD", {
    matches: ports.map((port) => `${destination} -p tcp -m tcp ${port}`),
    target:
      "-m comment --comment saassigner-guard -j REJECT --reject-with tcp-reset",
  });
}

/** Comments have no blanks: `-S` would print quotes that the document does not have. */
function listChainRules(
  chain: string,
  builtin: TableRules["builtin"],
  rule: { readonly matches: readonly string[]; readonly target: string },
): OwnChain {
  return {
    chain,
    jump: `${builtin} -m comment --comment saassigner-jump -j ${chain}`,
    rules: rule.matches.map((match) => `${chain} ${match} ${rule.target}`),
  };
}

function matchRequests(
  destination: string,
  match: InterfaceMatch,
): readonly string[] {
  const interfaces = match.kind === "not"
    ? [`! -i ${match.name} `]
    // `-S` leaves out `-i +`, which is every interface.
    : match.names.map((name) => name === "+" ? "" : `-i ${name} `);
  return interfaces.map((each) =>
    `${destination} ${each}-p tcp -m tcp --dport 80`
  );
}

function formatTarget({ family }: FamilyRules, to: Redirect): string {
  return family === "IPv4"
    ? `${to.host}:${to.port}`
    : `[${to.host}]:${to.port}`;
}
