/** Query parameters that mean something to a metadata server. */
const KNOWN: ReadonlySet<string> = new Set([
  "alt",
  "audience",
  "enforce_scopes",
  "format",
  "last_etag",
  "licenses",
  "recursive",
  "scopes",
  "timeout_sec",
  "wait_for_change",
]);

/** The known parameters of a request, each at most once. */
export type Query = ReadonlyMap<string, string>;

const NO_QUERY: Query = new Map();
const ON: ReadonlySet<string> = new Set(["true", "on", "yes", "1"]);

/**
 * Parses a query string strictly.
 *
 * Only `&` separates, only `%` is decoded (`+` stays, since clients send
 * audiences unencoded), keys compare case-sensitively. Unknown keys are left
 * out: clients send keys of other servers too.
 *
 * @param text Query as sent, without the `?`.
 * @returns The known parameters, or `undefined` if an escape is malformed or a
 * known key comes twice.
 */
export function parseQuery(text: string): Query | undefined {
  if (text === "") return NO_QUERY;
  const query = new Map<string, string>();
  for (const pair of text.split("&")) {
    const cut = pair.indexOf("=");
    const key = decode(cut < 0 ? pair : pair.slice(0, cut));
    const value = decode(cut < 0 ? "" : pair.slice(cut + 1));
    if (key === undefined || value === undefined) return undefined;
    if (!KNOWN.has(key)) continue;
    if (query.has(key)) return undefined;
    query.set(key, value);
  }
  return query;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a parameter is switched on, as the metadata server reads it.
 *
 * @param query Parsed query.
 * @param key Parameter.
 * @returns `true` for true, on, yes and 1 in any letter case.
 */
export function isOn(query: Query, key: string): boolean {
  const value = query.get(key);
  return value !== undefined && ON.has(value.toLowerCase());
}

/**
 * Encodes parameters anew, so that nothing but them can be in the text.
 *
 * @param query Parsed query.
 * @param keys Parameters to keep, in this order.
 * @returns The query with its `?`, or nothing if no parameter is kept.
 */
export function encodeQuery(query: Query, keys: readonly string[]): string {
  const kept = new URLSearchParams();
  for (const key of keys) {
    const value = query.get(key);
    if (value !== undefined) kept.set(key, value);
  }
  return kept.size === 0 ? "" : `?${kept}`;
}
