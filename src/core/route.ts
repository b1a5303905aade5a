import type { Exposure } from "./exposure.ts";
import { findRow, type TableRow } from "./metadata_table.ts";
import { remember } from "./remember.ts";

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
  /** The directory of the API's versions. */
  | { readonly kind: "versions" }
  /** A directory without its slash. */
  | { readonly kind: "redirect"; readonly location: string }
  /** A directory of the metadata table, relative to {@linkcode V1}. */
  | { readonly kind: "directory"; readonly path: string }
  /** A leaf of the metadata table. */
  | { readonly kind: "leaf"; readonly row: TableRow }
  /** The list of the caller's service accounts. */
  | { readonly kind: "accounts" }
  /** One service account's directory, or its name without the slash. */
  | {
    readonly kind: "account";
    readonly account: string;
    readonly directory: boolean;
  }
  /** One entry of a service account. */
  | {
    readonly kind: "entry";
    readonly account: string;
    readonly entry: AccountEntry;
  }
  /** Whatever the real server has there; the path is relative to {@linkcode V1}. */
  | {
    readonly kind: "upstream";
    readonly path: string;
    readonly directory: boolean;
  }
  /** Nothing that a pod may see. */
  | { readonly kind: "none" };

const FIXED: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/", { kind: "root" }],
  ["/computeMetadata", { kind: "redirect", location: "/computeMetadata/" }],
  ["/computeMetadata/", { kind: "versions" }],
  ["/computeMetadata/v1", { kind: "redirect", location: V1 }],
]);

const ACCOUNTS = `${V1}instance/service-accounts/`;

/**
 * Finds out which metadata entry a path means.
 *
 * Literal and case-sensitive; service accounts are never `upstream`, at any
 * depth. Anything not in the metadata table or shown by the exposure is `none`.
 *
 * @param path Path as admitted by the gate.
 * @param exposure What pods may see of the real server.
 */
export function route(path: string, exposure: Exposure): Route {
  let routes = routesOf.get(exposure);
  if (routes === undefined) {
    routes = remember((each) => findRoute(each, exposure), { most: 1_024 });
    routesOf.set(exposure, routes);
  }
  return routes(path);
}

/** Finds out what paths mean; another configuration has another exposure. */
const routesOf = new WeakMap<Exposure, (path: string) => Route>();

function findRoute(path: string, exposure: Exposure): Route {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  if (path.startsWith(ACCOUNTS)) {
    return routeAccount(path.slice(ACCOUNTS.length));
  }
  if (!path.startsWith(V1)) return { kind: "none" };
  const directory = path.endsWith("/");
  const relative = path.slice(V1.length, directory ? -1 : undefined);
  if (path === V1) return { kind: "directory", path: "" };
  const row = findRow(relative, exposure);
  if (row !== undefined) return routeRow(row, { directory });
  if (relative === "" || !exposure.shows(relative)) return { kind: "none" };
  return { kind: "upstream", path: relative, directory };
}

function routeRow(
  row: TableRow,
  { directory }: { readonly directory: boolean },
): Route {
  const { path, entry } = row;
  const isLeaf = entry.kind === "universe" || entry.kind === "node-value";
  if (isLeaf) return directory ? { kind: "none" } : { kind: "leaf", row };
  return directory
    ? { kind: "directory", path }
    : { kind: "redirect", location: `${V1}${path}/` };
}

function routeAccount(below: string): Route {
  if (below === "") return { kind: "accounts" };
  const cut = below.indexOf("/");
  if (cut < 0) return { kind: "account", account: below, directory: false };
  const account = below.slice(0, cut);
  const entry = below.slice(cut + 1);
  if (entry === "") return { kind: "account", account, directory: true };
  return isAccountEntry(entry)
    ? { kind: "entry", account, entry }
    : { kind: "none" };
}

function isAccountEntry(text: string): text is AccountEntry {
  return ACCOUNT_ENTRIES.some((entry) => entry === text);
}

/** Made once: every request is described by one. */
const ENTRY_TEMPLATES: Readonly<Record<AccountEntry, string>> = {
  aliases: `${ACCOUNTS}{account}/aliases`,
  email: `${ACCOUNTS}{account}/email`,
  identity: `${ACCOUNTS}{account}/identity`,
  scopes: `${ACCOUNTS}{account}/scopes`,
  token: `${ACCOUNTS}{account}/token`,
};

/**
 * Gives the path of a route with what varies left out, for telemetry.
 *
 * @param route What a path means.
 * @returns One of a fixed set.
 */
export function routeTemplate(route: Route): string {
  switch (route.kind) {
    case "root":
      return "/";
    case "versions":
      return "/computeMetadata/";
    case "redirect":
      return "/computeMetadata/{directory}";
    case "directory":
      return route.path === "" ? V1 : `${V1}${route.path}/`;
    case "leaf":
      return V1 + route.row.path;
    case "accounts":
      return ACCOUNTS;
    case "account":
      return `${ACCOUNTS}{account}/`;
    case "entry":
      return ENTRY_TEMPLATES[route.entry];
    case "upstream":
      return `${V1}{path}`;
    case "none":
      return "{unknown}";
  }
}
