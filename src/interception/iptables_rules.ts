import type { Door, FamilyRules, Guard, Redirect } from "./family_rules.ts";
import type { InterfaceMatch } from "./interface_match.ts";
import { markOf } from "./redirect_mark.ts";

/** Our chain in one iptables table, and the built-in chain that jumps there first of all. */
export interface TableRules {
  /** Table, such as `nat`. */
  readonly table: "filter" | "raw" | "nat";
  /** Built-in chain whose first rule must be the jump. */
  readonly builtin: "FORWARD" | "INPUT" | "PREROUTING";
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
 * Connections to the listener are checked in `INPUT`, where redirected ones arrive
 * with the pod's own address.
 *
 * @param wanted What is wanted.
 * @returns One entry a table.
 */
export function listTableRules(wanted: FamilyRules): readonly TableRules[] {
  const destination = `-d ${wanted.address}/${LENGTH[wanted.family]}`;
  const guard = {
    table: "filter",
    builtin: "FORWARD",
    ...listGuardRules(destination, wanted.guard),
  } as const;
  return [
    guard,
    ...wanted.door === undefined ? [] : [
      {
        table: "filter",
        builtin: "INPUT",
        ...listDoorRules(wanted, wanted.door),
      } as const,
    ],
    ...wanted.redirect === undefined
      ? []
      : listRedirectRules(wanted, wanted.redirect, destination),
  ];
}

function listRedirectRules(
  wanted: FamilyRules,
  redirect: Redirect,
  destination: string,
): readonly TableRules[] {
  const requests = matchRequests(destination, redirect.match);
  const target = formatTarget(wanted, redirect);
  const mark = markOf(redirect.generation);
  return [
    {
      table: "raw",
      builtin: "PREROUTING",
      ...listChain(
        "SAASSIGNER-TRACK",
        "PREROUTING",
        requests.map((match) =>
          `${match} -m comment --comment saassigner-track -j ACCEPT`
        ),
      ),
    },
    {
      table: "nat",
      builtin: "PREROUTING",
      ...listChain(
        "SAASSIGNER-METADATA",
        "PREROUTING",
        requests.map((match) =>
          `${match} -m comment --comment ${mark} -j DNAT --to-destination ${target}`
        ),
      ),
    },
  ];
}

/** Bits of an address. */
const LENGTH = { IPv4: 32, IPv6: 128 } as const;

const RESET = "-j REJECT --reject-with tcp-reset";

type OwnChain = Pick<TableRules, "chain" | "jump" | "rules">;

function listGuardRules(destination: string, guard: Guard): OwnChain {
  const ports = { all: ["! --dport 53"], http: ["--dport 80"], off: [] }[guard];
  return listChain(
    "SAASSIGNER-GUARD",
    "FORWARD",
    ports.map((port) =>
      `${destination} -p tcp -m tcp ${port} -m comment --comment saassigner-guard ${RESET}`
    ),
  );
}

/**
 * Counts connections by their first packet, and knows by connection tracking where
 * they were to go.
 */
function listDoorRules(
  { family, address }: FamilyRules,
  { host, ports, connectionsPerPod, refuseDirect }: Door,
): OwnChain {
  const length = LENGTH[family];
  const destination = host === undefined ? "" : `-d ${host}/${length} `;
  const comment = "-m comment --comment saassigner-input";
  const listRules = (port: number): readonly string[] => {
    const toPort = `${destination}! -i lo -p tcp -m tcp --dport ${port}`;
    return [
      ...connectionsPerPod === 0 ? [] : [
        `${toPort} --tcp-flags FIN,SYN,RST,ACK SYN -m connlimit --connlimit-above ${connectionsPerPod} --connlimit-mask ${length} --connlimit-saddr ${comment} ${RESET}`,
      ],
      ...refuseDirect
        ? [
          `${toPort} -m conntrack --ctorigdst ${address} ${comment} -j RETURN`,
          `${toPort} ${comment} ${RESET}`,
        ]
        : [],
    ];
  };
  return listChain("SAASSIGNER-INPUT", "INPUT", ports.flatMap(listRules));
}

/** Comments have no blanks: `-S` would print quotes that the document does not have. */
function listChain(
  chain: string,
  builtin: TableRules["builtin"],
  rules: readonly string[],
): OwnChain {
  return {
    chain,
    jump: `${builtin} -m comment --comment saassigner-jump -j ${chain}`,
    rules: rules.map((rule) => `${chain} ${rule}`),
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
