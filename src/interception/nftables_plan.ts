import {
  canonicalText,
  type Listed,
  readElements,
} from "./nftables_listing.ts";
import {
  type ChainRules,
  GUARD_CHAIN,
  type SetDefinition,
  type TableContents,
  type TableName,
} from "./nftables_rules.ts";
import type { Plan } from "./rule_group.ts";

/**
 * Plans how a table of ours becomes what it should be.
 *
 * The document replaces in one transaction: the whole table if all of it is
 * wanted or the table itself is not as it should be, or else only the guard,
 * so that a redirect that stands is left alone.
 *
 * @param wanted What the table should have.
 * @param listed What `nft -j list table` prints, or `undefined` if there is no table.
 * A text that is no listing differs from what is wanted: nft 1.0.6 breaks off, and
 * calls it success, where a table is switched off.
 */
export function planNftables(
  wanted: TableContents,
  listed: string | undefined,
): Plan {
  const { table } = wanted;
  const elements = listed === undefined ? undefined : readElements(listed);
  const broken = elements === undefined
    ? [describeUnlisted(table, listed)]
    : compareTable(table, elements);
  const isWhole = broken.length > 0 || wanted.isComplete;
  const parts = [
    ...wanted.sets.map((set) => describeSet(table, set)),
    ...wanted.chains.map((chain) => describeChain(table, chain)),
  ];
  const document = {
    nftables: [
      { add: { table } },
      ...isWhole
        ? [{ delete: { table } }, { add: { table } }]
        : removeChain(table, GUARD_CHAIN),
      ...parts.flatMap((part) => part.elements.map((add) => ({ add }))),
    ],
  };
  return {
    drift: elements === undefined ? broken : [
      ...broken,
      ...parts.flatMap((part) => comparePart(part, elements)),
      ...isWhole ? findForeign(parts, elements) : [],
    ],
    // Priority keeps the order, whatever other programs do.
    isMereOrder: false,
    redirect: elements?.find(({ redirect }) => redirect !== undefined)
      ?.redirect,
    document: `${JSON.stringify(document)}\n`,
  };
}

/** Adding first makes the removal of a chain that is not there no error. */
function removeChain(table: TableName, name: string): readonly unknown[] {
  const chain = { family: table.family, table: table.name, name };
  return [{ add: { chain } }, { flush: { chain } }, { delete: { chain } }];
}

/** What of the table is replaced and compared together. */
interface Part {
  /** Such as `chain guard`. */
  readonly name: string;
  readonly elements: readonly Readonly<Record<string, unknown>>[];
}

function describeSet(
  { family, name: table }: TableName,
  set: SetDefinition,
): Part {
  return {
    name: `set ${set.name}`,
    elements: [{ set: { family, table, ...set } }],
  };
}

function describeChain(
  { family, name: table }: TableName,
  { name, base, comment, rules }: ChainRules,
): Part {
  return {
    name: `chain ${name}`,
    elements: [
      { chain: { family, table, name, ...base } },
      ...rules.map((expr) => ({
        rule: {
          ...{ family, table, chain: name },
          ...comment === undefined ? {} : { comment },
          expr,
        },
      })),
    ],
  };
}

function describeUnlisted(
  { family, name }: TableName,
  listed: string | undefined,
): string {
  return listed === undefined
    ? `no table ${family} ${name}`
    : `what nft prints of table ${family} ${name} is not understood`;
}

/** A table can be there and yet switched off, by the flag `dormant`. */
function compareTable(
  table: TableName,
  elements: readonly Listed[],
): readonly string[] {
  const listed = elements.filter(({ kind }) => kind === "table");
  return textsOf(listed) === canonicalText({ table })
    ? []
    : [`table ${table.family} ${table.name} differs`];
}

function comparePart(
  { name, elements }: Part,
  listed: readonly Listed[],
): readonly string[] {
  const own = listed.filter(({ part }) => part === name);
  if (own.length === 0) return [`no ${name}`];
  return textsOf(own) === elements.map(canonicalText).join("\n")
    ? []
    : [`${name} differs`];
}

function findForeign(
  parts: readonly Part[],
  listed: readonly Listed[],
): readonly string[] {
  const names = parts.map(({ name }) => name);
  const foreign = listed.filter(({ kind, part }) =>
    kind !== "table" && !names.includes(part)
  );
  return foreign.length === 0
    ? []
    : [`${foreign.length} entries that are not ours`];
}

function textsOf(elements: readonly Listed[]): string {
  return elements.map(({ text }) => text).join("\n");
}
