import { InterceptionError } from "./interception_error.ts";
import { type ChainRules, GUARD_CHAIN, TABLE } from "./nftables_rules.ts";
import type { Plan } from "./rule_group.ts";

/**
 * Plans how our table becomes what it should be.
 *
 * The document replaces in one transaction: the whole table if a redirect is
 * wanted or the table itself is not as it should be, or else only the guard,
 * so that a redirect that stands is left alone.
 *
 * @param wanted Chains that the table should have.
 * @param listed What `nft -j list table` prints, or `undefined` if there is no table.
 * @throws {InterceptionError} If the text is not the listing of our table.
 */
export function planNftables(
  wanted: readonly ChainRules[],
  listed: string | undefined,
): Plan {
  const elements = listed === undefined ? undefined : readElements(listed);
  const table = elements === undefined
    ? [`no table ${TABLE.family} ${TABLE.name}`]
    : compareTable(elements);
  const isWhole = table.length > 0 ||
    wanted.some(({ name }) => name !== GUARD_CHAIN);
  const document = {
    nftables: [
      { add: { table: TABLE } },
      ...isWhole ? replaceTable() : removeChain(GUARD_CHAIN),
      ...wanted.flatMap(addChain),
    ],
  };
  return {
    drift: elements === undefined ? table : [
      ...table,
      ...wanted.flatMap((chain) => compareChain(chain, elements)),
      ...isWhole ? findForeign(wanted, elements) : [],
    ],
    document: `${JSON.stringify(document)}\n`,
  };
}

function replaceTable(): readonly unknown[] {
  return [{ delete: { table: TABLE } }, { add: { table: TABLE } }];
}

/** Adding first makes the removal of a chain that is not there no error. */
function removeChain(name: string): readonly unknown[] {
  const chain = { family: TABLE.family, table: TABLE.name, name };
  return [{ add: { chain } }, { flush: { chain } }, { delete: { chain } }];
}

function addChain(chain: ChainRules): readonly unknown[] {
  return toElements(chain).map((element) => ({ add: element }));
}

type Element = Readonly<Record<string, unknown>>;

function toElements({ name, base, rules }: ChainRules): readonly Element[] {
  const { family, name: table } = TABLE;
  return [
    { chain: { family, table, name, ...base } },
    ...rules.map((expr) => ({ rule: { family, table, chain: name, expr } })),
  ];
}

/** A table can be there and yet switched off, by the flag `dormant`. */
function compareTable(elements: readonly Listed[]): readonly string[] {
  const table = elements.filter(({ kind }) => kind === "table");
  return textsOf(table) === canonicalText({ table: TABLE })
    ? []
    : [`table ${TABLE.family} ${TABLE.name} differs`];
}

function compareChain(
  chain: ChainRules,
  elements: readonly Listed[],
): readonly string[] {
  const own = elements.filter(({ owner }) => owner === chain.name);
  if (own.length === 0) return [`no chain ${chain.name}`];
  return textsOf(own) === toElements(chain).map(canonicalText).join("\n")
    ? []
    : [`chain ${chain.name} differs`];
}

function findForeign(
  wanted: readonly ChainRules[],
  elements: readonly Listed[],
): readonly string[] {
  const names = wanted.map(({ name }) => name);
  const foreign = elements.filter(({ kind, owner }) =>
    kind !== "table" && !names.includes(owner)
  );
  return foreign.length === 0
    ? []
    : [`${foreign.length} entries that are not ours`];
}

interface Listed {
  /** `table`, `chain`, `rule` or something that is not ours, such as `set`. */
  readonly kind: string;
  /** Name of the chain that it is, or is of; empty for others. */
  readonly owner: string;
  readonly text: string;
}

function textsOf(elements: readonly Listed[]): string {
  return elements.map(({ text }) => text).join("\n");
}

function readElements(listed: string): readonly Listed[] {
  const elements = readList(listed);
  if (elements === undefined) {
    throw new InterceptionError(
      "What nft prints of its table is not understood",
      { cause: new Error(listed.slice(0, 200)) },
    );
  }
  return elements.flatMap((element) => {
    const [kind = "", body] = isRecord(element)
      ? Object.entries(element)[0] ?? []
      : [];
    if (kind === "metainfo") return [];
    const key = { chain: "name", rule: "chain" }[kind];
    const owner = isRecord(body) && key !== undefined ? body[key] : "";
    return [{ kind, owner: String(owner), text: canonicalText(element) }];
  });
}

function readList(text: string): readonly unknown[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const list = isRecord(document) ? document["nftables"] : undefined;
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Leaves out handles and what was counted, and sorts the keys. */
function canonicalText(element: unknown): string {
  return JSON.stringify(element, (key, value: unknown) => {
    if (key === "handle") return undefined;
    if (key === "counter") return {};
    return isRecord(value)
      ? Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1),
      )
      : value;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
