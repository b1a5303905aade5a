/** Marks the entry that answers with a fresh access token. */
export const TOKEN: unique symbol = Symbol("token");
/** Marks the entry that answers with a signed identity token. */
export const IDENTITY: unique symbol = Symbol("identity");
/** Marks the oldest interface's entry for an access token. */
export const ACQUIRE: unique symbol = Symbol("acquire");

/** An entry whose value is made at request time and never stands in recursive output. */
export type LiveEntry = typeof TOKEN | typeof IDENTITY | typeof ACQUIRE;

/** A directory with named entries. */
export interface MetadataDirectory {
  /** An entry by its name on the wire. */
  readonly [name: string]: MetadataValue;
}

/**
 * A value in the tree.
 *
 * A bigint is a bare number, of any size; a non-empty array of strings is one value of several
 * lines; any other array is a directory whose entries are numbered from 0.
 */
export type MetadataValue =
  | string
  | bigint
  | LiveEntry
  | readonly string[]
  | readonly MetadataDirectory[]
  | MetadataDirectory;

/**
 * Tells whether a value is an array.
 *
 * @param value Value to test.
 */
export function isArrayValue(
  value: MetadataValue,
): value is readonly string[] | readonly MetadataDirectory[] {
  return Array.isArray(value);
}

/**
 * Tells whether a value is a leaf of several lines, such as `scopes`.
 *
 * @param value Value to test.
 */
export function isLines(value: MetadataValue): value is readonly string[] {
  return isArrayValue(value) && value.length > 0 &&
    value.every((item) => typeof item === "string");
}

/**
 * Lists the entries of a directory.
 *
 * @param value Value to open.
 * @returns Names, sorted by name or number, with their values; `undefined` for a leaf.
 */
export function listEntries(
  value: MetadataValue,
): readonly (readonly [string, MetadataValue])[] | undefined {
  if (typeof value !== "object" || isLines(value)) return undefined;
  if (isArrayValue(value)) {
    return value.map((item, index) => [String(index), item]);
  }
  return Object.entries(value).sort(([left], [right]) => left < right ? -1 : 1);
}

/**
 * Finds a value below another.
 *
 * @param from Where to start.
 * @param segments Entry names, outermost first.
 * @returns `undefined` when an entry is missing or the way leads through a leaf.
 */
export function findValue(
  from: MetadataValue,
  segments: readonly string[],
): MetadataValue | undefined {
  let value: MetadataValue | undefined = from;
  for (const name of segments) {
    if (value === undefined) return undefined;
    value = listEntries(value)?.find(([entry]) => entry === name)?.[1];
  }
  return value;
}

/** A mutable metadata tree that tells its listeners of every change, while it happens. */
export class MetadataTree {
  readonly #listeners = new Set<() => void>();
  #root: MetadataDirectory;

  /**
   * Creates a tree.
   *
   * @param root First content.
   */
  constructor(root: MetadataDirectory) {
    this.#root = root;
  }

  /** The whole tree; a snapshot that later changes leave alone. */
  get root(): MetadataDirectory {
    return this.#root;
  }

  /**
   * Sets a value, making the directories on the way.
   *
   * @param path Path such as `instance/attributes/cluster-name`.
   * @param value New value.
   * @throws {Error} If the path leads through a leaf, or past the end of a numbered directory.
   */
  set(path: string, value: MetadataValue): void {
    this.#change(path, value);
  }

  /**
   * Removes a value or a directory; does nothing when there is none.
   *
   * @param path Path such as `instance/attributes/cluster-name`.
   */
  remove(path: string): void {
    if (findValue(this.#root, splitPath(path)) !== undefined) {
      this.#change(path, undefined);
    }
  }

  /**
   * Calls a listener after every change, before the change returns.
   *
   * @param listener Called without arguments.
   * @returns Ends the subscription.
   */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(path: string, value: MetadataValue | undefined): void {
    this.#root = replaceEntry(this.#root, {
      path,
      segments: splitPath(path),
      value,
    });
    for (const listener of [...this.#listeners]) listener();
  }
}

interface Change {
  readonly path: string;
  readonly segments: readonly string[];
  readonly value: MetadataValue | undefined;
}

function splitPath(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function replaceEntry(
  directory: MetadataDirectory,
  change: Change,
): MetadataDirectory {
  const [name, ...rest] = change.segments;
  if (name === undefined) {
    throw new Error(`Path ${JSON.stringify(change.path)} names no entry`);
  }
  const { [name]: old, ...others } = directory;
  const value = rest.length === 0
    ? change.value
    : replaceBelow(old ?? {}, { ...change, segments: rest });
  return value === undefined ? others : { ...others, [name]: value };
}

function replaceBelow(value: MetadataValue, change: Change): MetadataValue {
  if (typeof value !== "object" || isLines(value)) {
    throw new Error(
      `Path ${
        JSON.stringify(change.path)
      } leads through a value, not a directory`,
    );
  }
  if (!isArrayValue(value)) return replaceEntry(value, change);
  const items: MetadataDirectory[] = [];
  for (const item of value) if (typeof item !== "string") items.push(item);
  const [name = "", ...rest] = change.segments;
  const index = Number(name);
  if (String(index) !== name || index < 0 || index > items.length) {
    throw new Error(
      `Path ${JSON.stringify(change.path)}: ${
        JSON.stringify(name)
      } is no index`,
    );
  }
  const item = rest.length === 0
    ? change.value
    : replaceBelow(items[index] ?? {}, { ...change, segments: rest });
  if (item === undefined) items.splice(index, 1);
  else if (typeof item === "object" && !isArrayValue(item)) items[index] = item;
  else {throw new Error(
      `Path ${JSON.stringify(change.path)}: a numbered entry is a directory`,
    );}
  return items;
}
