import type { Exposure } from "./exposure.ts";

/** Entries below one service account. */
export const ACCOUNT_ENTRIES = [
  "aliases",
  "email",
  "identity",
  "scopes",
  "token",
] as const;

/** One of {@linkcode ACCOUNT_ENTRIES}. */
export type AccountEntry = typeof ACCOUNT_ENTRIES[number];

/** Path that every entry of the metadata API starts with. */
export const V1 = "/computeMetadata/v1/";

/** What a path means. */
export type Route =
  /** The root, which clients probe with any query. */
  | { readonly kind: "root" }
  /** A directory that never changes; `tree` is its recursive form, if it has one. */
  | {
    readonly kind: "fixed-directory";
    readonly entries: readonly string[];
    readonly tree?: Readonly<Record<string, string>>;
  }
  /** A leaf that never changes. */
  | { readonly kind: "fixed-leaf"; readonly value: string }
  /** A directory without its slash. */
  | { readonly kind: "redirect"; readonly location: string }
  /** The list of the caller's service accounts. */
  | { readonly kind: "accounts" }
  /** One service account's directory. */
  | { readonly kind: "account"; readonly account: string }
  /** One entry of a service account. */
  | {
    readonly kind: "entry";
    readonly account: string;
    readonly entry: AccountEntry;
  }
  /** A directory that holds service accounts somewhere below: `""` or `instance`. */
  | { readonly kind: "above-accounts"; readonly path: "" | "instance" }
  /** Whatever the real server has there; the path is relative to {@linkcode V1}. */
  | {
    readonly kind: "upstream";
    readonly path: string;
    readonly directory: boolean;
  }
  /** Nothing that a pod may see. */
  | { readonly kind: "none" };

/** Domain of Google's APIs. */
export const UNIVERSE_DOMAIN = "googleapis.com";

const FIXED: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/", { kind: "root" }],
  ["/computeMetadata", { kind: "redirect", location: "/computeMetadata/" }],
  ["/computeMetadata/", { kind: "fixed-directory", entries: ["v1/"] }],
  ["/computeMetadata/v1", { kind: "redirect", location: V1 }],
  [V1, { kind: "above-accounts", path: "" }],
  [`${V1}instance`, { kind: "redirect", location: `${V1}instance/` }],
  [`${V1}instance/`, { kind: "above-accounts", path: "instance" }],
  [`${V1}instance/attributes`, {
    kind: "redirect",
    location: `${V1}instance/attributes/`,
  }],
  [`${V1}project`, { kind: "redirect", location: `${V1}project/` }],
  [`${V1}universe`, { kind: "redirect", location: `${V1}universe/` }],
  [`${V1}universe/`, {
    kind: "fixed-directory",
    entries: ["universe-domain"],
    tree: { universeDomain: UNIVERSE_DOMAIN },
  }],
  [`${V1}universe/universe-domain`, {
    kind: "fixed-leaf",
    value: UNIVERSE_DOMAIN,
  }],
]);

const ACCOUNTS = `${V1}instance/service-accounts`;

/**
 * Finds out which metadata entry a path means.
 *
 * Literal and case-sensitive; service accounts are never `upstream`, at any
 * depth. Anything not named here or shown by the exposure is `none`.
 *
 * @param path Path as admitted by the gate.
 * @param exposure What pods may see of the real server.
 */
export function route(path: string, exposure: Exposure): Route {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  if (path === ACCOUNTS) return { kind: "redirect", location: `${ACCOUNTS}/` };
  if (path.startsWith(`${ACCOUNTS}/`)) {
    return routeAccount(path, path.slice(ACCOUNTS.length + 1));
  }
  if (!path.startsWith(V1)) return { kind: "none" };
  const directory = path.endsWith("/");
  const relative = path.slice(V1.length, directory ? -1 : undefined);
  if (!exposure.shows(relative)) return { kind: "none" };
  return { kind: "upstream", path: relative, directory };
}

function routeAccount(path: string, below: string): Route {
  if (below === "") return { kind: "accounts" };
  const [account = "", entry, ...rest] = below.split("/");
  if (entry === undefined) return { kind: "redirect", location: `${path}/` };
  if (rest.length > 0) return { kind: "none" };
  if (entry === "") return { kind: "account", account };
  return isAccountEntry(entry)
    ? { kind: "entry", account, entry }
    : { kind: "none" };
}

function isAccountEntry(text: string): text is AccountEntry {
  return ACCOUNT_ENTRIES.some((entry) => entry === text);
}
