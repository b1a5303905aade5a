import type { Exposure } from "./exposure.ts";

declare global {
  // Part of ECMAScript since V8 11.4; not yet in TypeScript's library.
  interface JSON {
    rawJSON(text: string): unknown;
    parse(
      text: string,
      reviver: (
        key: string,
        value: Json,
        context: { readonly source: string },
      ) => Json,
    ): Json;
  }
}

/** A JSON value whose numbers may be {@linkcode ExactNumber}. */
export type Json =
  | string
  | number
  | boolean
  | null
  | ExactNumber
  | readonly Json[]
  | JsonTree;

/** A directory in a recursive answer. */
export type JsonTree = { readonly [key: string]: Json };

/** A number with the very digits it was written in: instance ids exceed 2^53. */
export class ExactNumber {
  /** The digits as sent. */
  readonly source: string;

  /**
   * Keeps a number's digits.
   *
   * @param source JSON text of the number.
   */
  constructor(source: string) {
    this.source = source;
  }

  /** Makes `JSON.stringify` write the digits as they came. */
  toJSON(): unknown {
    return JSON.rawJSON(this.source);
  }
}

/**
 * Parses JSON without loss of digits.
 *
 * @param text JSON text.
 * @returns The value.
 * @throws {SyntaxError} If the text is no JSON.
 */
export function parseExactJson(text: string): Json {
  return JSON.parse(
    text,
    (_key, value, context) =>
      typeof value === "number" ? new ExactNumber(context.source) : value,
  );
}

/**
 * Removes from a recursive answer of the real server what pods may not see.
 *
 * @param tree Recursive answer, parsed by {@linkcode parseExactJson}.
 * @param path Path of the tree relative to `/computeMetadata/v1/`, without trailing slash.
 * @param exposure What pods may see.
 * @returns The tree without concealed entries; service accounts are among these.
 */
export function filterTree(tree: Json, path: string, exposure: Exposure): Json {
  if (Array.isArray(tree)) {
    // A list of plain values, such as tags, is one entry.
    if (!tree.some((value) => Array.isArray(value) || isTree(value))) {
      return tree;
    }
    return tree
      .map((value, index) => ({ value, below: `${path}/${index}` }))
      .filter(({ below }) => exposure.shows(below))
      .map(({ value, below }) => filterTree(value, below, exposure));
  }
  if (!isTree(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]) => ({ key, value, below: descendPath(path, key) }))
      .filter(({ below }) => exposure.shows(below))
      .map((
        { key, value, below },
      ) => [key, filterTree(value, below, exposure)]),
  );
}

/**
 * Writes a tree as `?recursive=true&alt=text` does: one `path/to/key value` line a leaf.
 *
 * @param tree Tree to write.
 * @param path Path of the tree relative to `/computeMetadata/v1/`, which tells
 * whether its keys are names or data; it is not written.
 */
export function treeToText(tree: Json, path: string): string {
  return leaves(tree, path)
    .map(({ path: leaf, text }) =>
      `${path === "" ? leaf : leaf.slice(path.length + 1)} ${text}\n`
    )
    .join("");
}

function leaves(
  tree: Json,
  path: string,
): readonly { readonly path: string; readonly text: string }[] {
  if (Array.isArray(tree)) {
    return tree.flatMap((value, index) => leaves(value, `${path}/${index}`));
  }
  if (isTree(tree)) {
    return Object.entries(tree).flatMap(([key, value]) =>
      leaves(value, descendPath(path, key))
    );
  }
  return [{
    path,
    text: tree instanceof ExactNumber ? tree.source : String(tree),
  }];
}

/** Path of the entry that a key of a recursive answer stands for. */
function descendPath(path: string, key: string): string {
  const name = holdsData(path) ? key : kebabCase(key);
  return path === "" ? name : `${path}/${name}`;
}

/** Below these directories keys are data, and not the camel-cased names of entries. */
function holdsData(path: string): boolean {
  return /^(instance|project)\/attributes$|^instance\/(guest-attributes|service-accounts)(\/|$)/
    .test(path);
}

/**
 * Names the key that an entry has in a recursive answer.
 *
 * @param directory Path of the entry's directory relative to `/computeMetadata/v1/`.
 * @param name Name of the entry.
 */
export function keyOf(directory: string, name: string): string {
  return holdsData(directory) ? name : camelCase(name);
}

function camelCase(name: string): string {
  return name.replace(
    /-([a-z])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Tells whether a value is a directory.
 *
 * @param value Value to look at; `undefined` is none.
 */
export function isTree(value: Json | undefined): value is JsonTree {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof ExactNumber);
}
