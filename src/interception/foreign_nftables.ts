import { isInNetwork } from "../core/address.ts";
import { isRecord } from "../core/record.ts";
import type { ForeignRule, OwnRedirect } from "./foreign_rule.ts";
import { InterceptionError } from "./interception_error.ts";
import { GUARD_TABLE, TABLE } from "./nftables_rules.ts";

/** Tables that iptables has made in nftables; it shows what is in them itself. */
const IPTABLES_TABLES = new Set(["raw", "mangle", "nat", "filter", "security"]);

type Json = Readonly<Record<string, unknown>>;

/** Priority of the chain of ours that redirects. */
const OUR_PRIORITIES: Readonly<Record<OwnRedirect["backend"], number>> = {
  nftables: -110,
  iptables: -100,
};

/**
 * Reads from what `nft -j list ruleset` prints the rules of others that are about
 * pods' requests to the metadata server.
 *
 * @param text The text.
 * @param own Where the metadata server is, and what sets our rules.
 * @throws {InterceptionError} If it is no listing.
 */
export function readRuleset(
  text: string,
  own: OwnRedirect,
): readonly ForeignRule[] {
  const elements = readElements(text);
  const chains = new Map(
    elements.flatMap(({ chain }) =>
      isRecord(chain) ? [[keyOf(chain, chain["name"]), chain] as const] : []
    ),
  );
  return elements.flatMap(({ rule }) => {
    if (!isRecord(rule) || isKnown(rule)) return [];
    const chain = chains.get(keyOf(rule, rule["chain"])) ?? {};
    const effect = effectOf(rule, chain, own);
    if (effect === undefined) return [];
    const { family, table, chain: name, expr } = rule;
    return [{
      place: "nft",
      chain: `${family} ${table} ${name}`,
      text: JSON.stringify(expr),
      effect,
      order: effect === "untracks" ? "before-ours" : orderOf(chain, own),
    }];
  });
}

function readElements(text: string): readonly Json[] {
  try {
    const listing: unknown = JSON.parse(text);
    const elements = isRecord(listing) ? listing["nftables"] : undefined;
    if (Array.isArray(elements)) return elements.filter(isRecord);
  } catch {
    // nft 1.0.6 breaks off where a table is switched off.
  }
  throw new InterceptionError("What nft prints of all rules is not understood");
}

function keyOf({ family, table }: Json, name: unknown): string {
  return JSON.stringify([family, table, name]);
}

function isKnown({ family, table }: Json): boolean {
  const isOurs = family === TABLE.family &&
    (table === TABLE.name || table === GUARD_TABLE.name);
  return isOurs || ((family === "ip" || family === "ip6") &&
    typeof table === "string" && IPTABLES_TABLES.has(table));
}

/** Of two chains with one priority, that comes first which was registered last. */
function orderOf(
  { prio }: Json,
  { backend }: OwnRedirect,
): ForeignRule["order"] {
  const ours = OUR_PRIORITIES[backend];
  if (typeof prio !== "number" || prio === ours) return "unknown";
  return prio > ours ? "after-ours" : "before-ours";
}

function effectOf(
  { expr }: Json,
  { hook }: Json,
  own: OwnRedirect,
): ForeignRule["effect"] | undefined {
  if (!Array.isArray(expr) || hook === "output" || hook === "postrouting") {
    return undefined;
  }
  const statements = expr.filter(isRecord);
  const has = (name: string): boolean =>
    statements.some((each) => Object.hasOwn(each, name));
  const matches = statements.flatMap(({ match }) =>
    isRecord(match) ? [match] : []
  );
  const destinations = matches.filter(({ left }) => isField(left, "daddr"));
  const isOther = matches.some((match) =>
    (isField(match["left"], "dport") && !meets(match, isPort80)) ||
    isLoopbackInterface(match)
  );
  const isNamed = destinations.some((match) =>
    meets(match, (value) => isAddress(value, own))
  );
  if (isOther) return undefined;
  if (has("notrack")) {
    return isNamed || matches.length === 0 ? "untracks" : undefined;
  }
  return isNamed && (has("dnat") || has("redirect")) ? "redirects" : undefined;
}

function isField(left: unknown, field: string): boolean {
  const payload = isRecord(left) ? left["payload"] : undefined;
  return isRecord(payload) && payload["field"] === field;
}

function isLoopbackInterface({ op, left, right }: Json): boolean {
  const meta = isRecord(left) ? left["meta"] : undefined;
  return isRecord(meta) && meta["key"] === "iifname" && op === "==" &&
    right === "lo";
}

/** Sets hold several values; what is not understood is taken for another. */
function meets(
  { op, right }: Json,
  isWanted: (value: unknown) => boolean,
): boolean {
  const set = isRecord(right) ? right["set"] : undefined;
  const values = Array.isArray(set) ? set : [right];
  return values.some(isWanted) !== (op === "!=");
}

function isPort80(value: unknown): boolean {
  const range = isRecord(value) ? value["range"] : undefined;
  return value === 80 ||
    (Array.isArray(range) && range[0] <= 80 && 80 <= range[1]);
}

function isAddress(
  value: unknown,
  { address, ipv6Address }: OwnRedirect,
): boolean {
  const prefix = isRecord(value) ? value["prefix"] : undefined;
  const network = isRecord(prefix)
    ? `${prefix["addr"]}/${prefix["len"]}`
    : String(value);
  return isInNetwork(network, address) || isInNetwork(network, ipv6Address);
}
