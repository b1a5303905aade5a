const PREFIX = "https://www.googleapis.com/auth/";

/** OpenID Connect scopes are whole names, not suffixes of {@linkcode PREFIX}. */
const BARE = new Set(["openid", "email", "profile"]);

/**
 * The names that gcloud takes for scopes, where they differ from the last
 * part of the scope's URL.
 *
 * @see {@link https://cloud.google.com/sdk/gcloud/reference/compute/instances/set-scopes#--scopes}
 */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["cloud-source-repos", "source.full_control"],
  ["cloud-source-repos-ro", "source.read_only"],
  ["compute-ro", "compute.readonly"],
  ["compute-rw", "compute"],
  ["logging-write", "logging.write"],
  ["monitoring-read", "monitoring.read"],
  ["monitoring-write", "monitoring.write"],
  ["service-control", "servicecontrol"],
  ["service-management", "service.management.readonly"],
  ["sql", "sqlservice"],
  ["sql-admin", "sqlservice.admin"],
  ["storage-full", "devstorage.full_control"],
  ["storage-ro", "devstorage.read_only"],
  ["storage-rw", "devstorage.read_write"],
  ["taskqueue", "taskqueue"],
  ["trace", "trace.append"],
  ["userinfo-email", "userinfo.email"],
  ["useraccounts-ro", "cloud.useraccounts.readonly"],
  ["useraccounts-rw", "cloud.useraccounts"],
]);

const MAX_LENGTH = 512;
/** Of a list; read for every request, so that a pod must not make that dear. */
const MAX_LIST_LENGTH = 4_096;
const SHORT = /^[a-z][a-z0-9._-]*$/;
const URL_FORM = /^https:\/\/[a-z0-9.-]+\/[A-Za-z0-9._~/-]*$/;

/**
 * Expands one scope to the form that IAM takes.
 *
 * @param text A scope's URL, its last part (`devstorage.read_only`), a name
 * that gcloud takes (`storage-ro`), or an OpenID Connect scope.
 * @returns The scope, or `undefined` if the text cannot be one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(
 *   expandScope("cloud-platform"),
 *   "https://www.googleapis.com/auth/cloud-platform",
 * );
 * assert.equal(expandScope("not a scope"), undefined);
 * ```
 */
export function expandScope(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (BARE.has(text) || URL_FORM.test(text)) return text;
  if (!SHORT.test(text)) return undefined;
  return PREFIX + (ALIASES.get(text) ?? text);
}

/**
 * Reads a list of scopes as an annotation or a query parameter holds it.
 *
 * @param text Scopes separated by commas or white space.
 * @returns The expanded scopes in canonical order, or `undefined` if there is
 * none, one of them is malformed or the text is longer than 4,096 characters.
 */
export function parseScopes(text: string): readonly string[] | undefined {
  if (text.length > MAX_LIST_LENGTH) return undefined;
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  return canonicalScopes(words);
}

/**
 * Brings scopes into the one order and form under which tokens are cached.
 *
 * @param scopes Scopes in any accepted form.
 * @returns Expanded, sorted and without duplicates, or `undefined` if one of
 * them is malformed.
 */
export function canonicalScopes(
  scopes: readonly string[],
): readonly string[] | undefined {
  const expanded = new Set<string>();
  for (const scope of scopes) {
    const whole = expandScope(scope);
    if (whole === undefined) return undefined;
    expanded.add(whole);
  }
  return [...expanded].sort();
}

/**
 * Tells whether every scope of one set is in another.
 *
 * @param subset Canonical scopes that should be contained.
 * @param all Canonical scopes that should contain them.
 */
export function containsScopes(
  all: readonly string[],
  subset: readonly string[],
): boolean {
  const known = new Set(all);
  return subset.every((scope) => known.has(scope));
}
