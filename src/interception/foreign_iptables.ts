import { isInNetwork } from "../core/address.ts";
import type { ForeignRule, OwnRedirect } from "./foreign_rule.ts";

/** Which tool printed the text, and for which address of the metadata server. */
export interface SaveContext {
  /** Tool, such as `iptables-nft`. */
  readonly place: string;
  /** Metadata server's address in the tool's family, in canonical form. */
  readonly address: string;
  /** Tool that sets our rules. */
  readonly backend: OwnRedirect["backend"];
}

/** An option of a rule with its values, and whether it is negated. */
interface Option {
  readonly name: string;
  readonly value: string;
  readonly isNegated: boolean;
}

const OWN = /--comment "?saassigner-/;
const OWN_JUMP = /^-A PREROUTING -m comment --comment "?saassigner-jump"? /;

/** A word, or a quoted text with its quotes. */
const WORD = /"(?:[^"\\]|\\.)*"|\S+/g;

/**
 * Reads from what `iptables-save` prints the rules of others that are about pods'
 * requests to the metadata server.
 *
 * A rule that takes packets out of connection tracking is taken for such a one if it
 * names the address or a network with it, or no condition that could leave them out.
 *
 * @param text The text, of all tables.
 * @param context Tool and address.
 */
export function readIptablesSave(
  text: string,
  { place, address, backend }: SaveContext,
): readonly ForeignRule[] {
  const found: ForeignRule[] = [];
  let table = "";
  const lines = text.split("\n").map((each) => each.trim());
  const order = findOrder(lines);
  for (const line of lines) {
    if (line.startsWith("*")) table = line.slice(1);
    const [, chain] = /^-A (\S+) /.exec(line) ?? [];
    if (chain === undefined || chain === "OUTPUT" || OWN.test(line)) continue;
    const effect = effectOf(readOptions(line), { table, chain, address });
    if (effect === undefined) continue;
    found.push({
      place,
      chain: `${table} ${chain}`,
      text: line.slice("-A ".length),
      effect,
      // The nftables backend redirects ahead of every nat table of iptables.
      order: effect === "redirects" && backend === "nftables"
        ? "after-ours"
        : order.get(table) ?? UNMET[effect],
    });
  }
  return found;
}

/** Where a table has no rule of ours: nothing comes before connection tracking there. */
const UNMET = { untracks: "before-ours", redirects: "unknown" } as const;

/** Tells of each table that has our jump whether that is the first rule of PREROUTING. */
function findOrder(
  lines: readonly string[],
): ReadonlyMap<string, "after-ours" | "before-ours"> {
  const order = new Map<string, "after-ours" | "before-ours">();
  let table = "";
  let isFirst = true;
  for (const line of lines) {
    if (line.startsWith("*")) {
      table = line.slice(1);
      isFirst = true;
    }
    if (!line.startsWith("-A PREROUTING ")) continue;
    if (OWN_JUMP.test(line)) {
      order.set(table, isFirst ? "after-ours" : "before-ours");
    }
    isFirst = false;
  }
  return order;
}

function readOptions(line: string): readonly Option[] {
  const words = line.match(WORD) ?? [];
  const options: Option[] = [];
  for (const [index, name] of words.entries()) {
    if (!/^--?[a-zA-Z]/.test(name)) continue;
    const next = words[index + 1] ?? "";
    options.push({
      name,
      value: /^--?[a-zA-Z]/.test(next) ? "" : next,
      isNegated: words[index - 1] === "!",
    });
  }
  return options;
}

/** Conditions that pods' requests can be relied on to meet. */
const HARMLESS = new Set(["-A", "-p", "-m", "-j", "--comment", "--notrack"]);

function effectOf(
  options: readonly Option[],
  where: {
    readonly table: string;
    readonly chain: string;
    readonly address: string;
  },
): ForeignRule["effect"] | undefined {
  const option = (name: string): Option | undefined =>
    options.find((each) => each.name === name);
  const protocol = option("-p");
  const port = option("--dport");
  const isOther = (protocol !== undefined && !holds(protocol, "tcp")) ||
    (port !== undefined && !holds(port, "80")) ||
    (option("-i")?.value === "lo" && option("-i")?.isNegated === false);
  if (isOther) return undefined;
  const destination = option("-d");
  const isNamed = destination !== undefined &&
    isInNetwork(destination.value, where.address) !== destination.isNegated;
  const target = option("-j")?.value;
  if (where.table === "nat") {
    const leads = target === "DNAT" || target === "REDIRECT";
    return leads && isNamed ? "redirects" : undefined;
  }
  const untracks = target === "NOTRACK" ||
    (target === "CT" && option("--notrack") !== undefined);
  if (where.table !== "raw" || !untracks) return undefined;
  const isForAll = where.chain === "PREROUTING" &&
    options.every(({ name }) =>
      HARMLESS.has(name) || name === "--dport" || name === "-i"
    );
  return isNamed || isForAll ? "untracks" : undefined;
}

/** Ports can be a range. */
function holds({ value, isNegated }: Option, wanted: string): boolean {
  const [from = "", to = from] = value.split(":");
  const isEqual = value === wanted ||
    (value.includes(":") && Number(from) <= Number(wanted) &&
      Number(wanted) <= Number(to));
  return isEqual !== isNegated;
}
