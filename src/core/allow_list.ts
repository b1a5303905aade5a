import { Glob } from "./glob.ts";

/** What a namespace says about the accounts its pods may have. */
export type AllowList =
  | { readonly kind: "absent" }
  | { readonly kind: "malformed" }
  | { readonly kind: "patterns"; readonly patterns: readonly Glob[] };

/** Bounds the time that matching takes, whoever may annotate the namespace. */
const MAX_LENGTH = 32_768;

/**
 * Reads a namespace's allow-list.
 *
 * @param annotation JSON array of glob patterns, or `undefined` if the
 * namespace has no such annotation.
 * @returns The patterns, or `malformed` for anything but an array of strings
 * of at most 32,768 characters in all, which then allows nothing.
 */
export function parseAllowList(annotation: string | undefined): AllowList {
  if (annotation === undefined) return { kind: "absent" };
  if (annotation.length > MAX_LENGTH) return { kind: "malformed" };
  let value: unknown;
  try {
    value = JSON.parse(annotation);
  } catch {
    return { kind: "malformed" };
  }
  if (!Array.isArray(value)) return { kind: "malformed" };
  const patterns: Glob[] = [];
  for (const entry of value) {
    if (typeof entry !== "string") return { kind: "malformed" };
    patterns.push(new Glob(entry.trim()));
  }
  return { kind: "patterns", patterns };
}

/** Verdicts of each list; a list is replaced as a whole when its annotation changes. */
const verdicts = new WeakMap<AllowList, Map<string, string | undefined>>();

/** Accounts with a verdict in memory, for each list. */
const MAX_VERDICTS = 256;

/**
 * Finds the pattern that allows an account.
 *
 * Remembers what it found: this is asked again with each change of a pod, and a long list
 * takes milliseconds.
 *
 * @param list Allow-list of the pod's namespace.
 * @param account E-mail to match.
 * @returns The pattern as written, or `undefined` if none matches.
 */
export function findAllowingPattern(
  list: AllowList,
  account: string,
): string | undefined {
  if (list.kind !== "patterns") return undefined;
  const known = verdicts.get(list) ?? new Map<string, string | undefined>();
  verdicts.set(list, known);
  if (known.has(account)) return known.get(account);
  const found = list.patterns.find((pattern) => pattern.matches(account));
  if (known.size >= MAX_VERDICTS) known.clear();
  known.set(account, found?.source);
  return found?.source;
}
