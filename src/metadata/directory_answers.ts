import type { Exposure } from "../core/exposure.ts";
import { isTree, type JsonTree, keyOf } from "../core/metadata_tree.ts";
import { listRows, type TableRow } from "../core/metadata_table.ts";
import { UpstreamError } from "../core/upstream.ts";
import type { AccountTree } from "./account_answers.ts";
import { type Answer, notFound } from "./answer.ts";
import { toLeaf } from "./node_values.ts";
import { fetchTree, type ProxyOptions, showsBelow } from "./proxy.ts";
import type { Remembered } from "./remembered.ts";
import { leafAnswer, listingAnswer, treeAnswer } from "./value_answers.ts";

/** What the answers for entries of the metadata table are made of. */
export interface TableAnswerOptions extends ProxyOptions {
  /** The node's own values, as text. */
  readonly nodeValues: Remembered<string | undefined>;
  /** What the real server lists in directories of the table. */
  readonly listings: Remembered<readonly string[]>;
  /** Domain of the Google Cloud that the node is in. */
  readonly universeDomain: string;
}

/** The caller's accounts, as recursive answers have them. */
export type AccountsTree = Readonly<Record<string, AccountTree>>;

/**
 * Answers with a leaf of the metadata table.
 *
 * @param row The leaf.
 * @param options Where its value comes from.
 * @throws {UpstreamError} If the real server was never reached.
 */
export async function answerLeaf(
  row: TableRow,
  options: Pick<TableAnswerOptions, "nodeValues" | "query" | "universeDomain">,
): Promise<Answer> {
  const { entry } = row;
  if (entry.kind === "universe") {
    return leafAnswer(options.universeDomain, options.query);
  }
  const text = await options.nodeValues.get(row.path);
  return text === undefined
    ? notFound()
    : leafAnswer(toLeaf(row, text), options.query);
}

/**
 * Lists a directory of the metadata table, which is the same for every caller.
 *
 * The rest of what the real server has there is left out while it cannot be reached:
 * clients find out by such a listing that they are on Google Cloud, and wait for little.
 *
 * @param path Path relative to `/computeMetadata/v1/`.
 * @param options Where the names come from.
 */
export async function answerListing(
  path: string,
  options: TableAnswerOptions,
): Promise<Answer> {
  const { exposure, listings, nodeValues, query } = options;
  const names = new Set<string>();
  for (const { name, path: below, entry } of listRows(path, exposure)) {
    const isDirectory = entry.kind === "directory" || entry.kind === "accounts";
    if (isDirectory) names.add(`${name}/`);
    else if (!isMissing(below, nodeValues)) names.add(name);
  }
  if (path !== "" && exposure.mayHoldMore(path)) {
    const listed = await listings.get(path).catch(toNothing);
    for (const name of listed.filter(showsBelow(path, exposure))) {
      names.add(name);
    }
  }
  return listingAnswer([...names].sort(), query);
}

/** Tells whether the node is known to lack a value. */
function isMissing(
  path: string,
  nodeValues: Remembered<string | undefined>,
): boolean {
  const known = nodeValues.peek(path);
  return known !== undefined && known.value === undefined;
}

function toNothing(error: unknown): readonly string[] {
  if (error instanceof UpstreamError) return [];
  throw error;
}

/**
 * Answers with a whole directory of the metadata table.
 *
 * @param path Path relative to `/computeMetadata/v1/`.
 * @param accounts The caller's accounts, to put in place of the node's.
 * @param options Where the rest comes from.
 * @throws {UpstreamError} If the real server is needed and gives no answer.
 */
export async function answerTable(
  path: string,
  accounts: AccountsTree,
  options: TableAnswerOptions,
): Promise<Answer> {
  const { exposure, query } = options;
  let upstream: JsonTree = {};
  if (exposure.mayHoldMore(path)) {
    const fetched = await fetchTree(path, options);
    if ("tree" in fetched) upstream = fetched.tree;
    // A next hop that refuses the subtree does not keep the caller from the rest.
    else if (fetched.refusal.status >= 500) return fetched.refusal;
  }
  const tree = await putRows(path, upstream, { ...options, accounts });
  return treeAnswer(tree, { path, query });
}

/** Puts the rows below a directory in place of what the real server has there. */
async function putRows(
  path: string,
  upstream: JsonTree,
  options: TableAnswerOptions & { readonly accounts: AccountsTree },
): Promise<JsonTree> {
  const merged = new Map(Object.entries(upstream));
  for (const row of listRows(path, options.exposure)) {
    const key = keyOf(path, row.name);
    const value = await valueOf(row, merged.get(key), options);
    if (value === undefined) merged.delete(key);
    else merged.set(key, value);
  }
  return Object.fromEntries([...merged].sort(([a], [b]) => a < b ? -1 : 1));
}

async function valueOf(
  row: TableRow,
  upstream: JsonTree[string] | undefined,
  options: TableAnswerOptions & { readonly accounts: AccountsTree },
): Promise<JsonTree[string] | undefined> {
  const { path, entry } = row;
  switch (entry.kind) {
    case "directory":
      return await putRows(path, isTree(upstream) ? upstream : {}, options);
    case "accounts":
      return options.accounts;
    case "universe":
      return options.universeDomain;
    case "node-value": {
      const text = await options.nodeValues.get(path);
      return text === undefined ? undefined : toLeaf(row, text);
    }
  }
}

/**
 * Tells whether a recursive answer of a directory depends on who asks, or shows what the
 * real server has besides the table.
 *
 * @param path Path relative to `/computeMetadata/v1/`.
 * @param exposure What pods may see.
 */
export function needsCaller(path: string, exposure: Exposure): boolean {
  return path === "" || path === "instance" || exposure.mayHoldMore(path);
}
