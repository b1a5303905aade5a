import type { Exposure } from "./exposure.ts";

/** An entry of the metadata API that the daemon answers for by itself. */
export type TableEntry =
  /** Lists what is below it. */
  | { readonly kind: "directory" }
  /** The caller's own service accounts. */
  | { readonly kind: "accounts" }
  /** The domain of the Google Cloud that the node is in, which the operator tells. */
  | { readonly kind: "universe" }
  /** A leaf that the real server is asked for once, since it never changes on a node. */
  | { readonly kind: "node-value"; readonly type: "text" | "digits" };

/** An entry with its place. */
export interface TableRow {
  /** Path relative to `/computeMetadata/v1/`, without slash at the end. */
  readonly path: string;
  /** Last segment of the path. */
  readonly name: string;
  /** What it is. */
  readonly entry: TableEntry;
}

const DIRECTORY = { kind: "directory" } as const;
const TEXT = { kind: "node-value", type: "text" } as const;
const DIGITS = { kind: "node-value", type: "digits" } as const;

/** Paths relative to `/computeMetadata/v1/`; whatever is not here is proxied or concealed. */
const TABLE: Readonly<Record<string, TableEntry>> = {
  "": DIRECTORY,
  "instance": DIRECTORY,
  "instance/attributes": DIRECTORY,
  "instance/attributes/cluster-location": TEXT,
  "instance/attributes/cluster-name": TEXT,
  "instance/attributes/cluster-uid": TEXT,
  "instance/hostname": TEXT,
  "instance/id": DIGITS,
  "instance/service-accounts": { kind: "accounts" },
  "instance/zone": TEXT,
  "project": DIRECTORY,
  "project/numeric-project-id": DIGITS,
  "project/project-id": TEXT,
  "universe": DIRECTORY,
  "universe/universe-domain": { kind: "universe" },
};

const ROWS: ReadonlyMap<string, TableRow> = new Map(
  Object.entries(TABLE).map(([path, entry]) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [path, { path, name, entry }];
  }),
);

/** Shown whatever the operator denies: what is in them does not come from the node. */
const ALWAYS_SHOWN = /^(|instance|instance\/service-accounts|universe(\/.*)?)$/;

/**
 * Finds an entry of the table.
 *
 * @param path Path relative to `/computeMetadata/v1/`, without slash at the end.
 * @param exposure What pods may see.
 * @returns Its row, or `undefined` if it has none or pods may not see it.
 */
export function findRow(
  path: string,
  exposure: Exposure,
): TableRow | undefined {
  const row = ROWS.get(path);
  return row !== undefined && isShown(path, exposure) ? row : undefined;
}

/**
 * Lists the rows directly below a directory.
 *
 * @param directory Path relative to `/computeMetadata/v1/`, without slash at the end.
 * @param exposure What pods may see.
 * @returns Those that pods may see, sorted by name.
 */
export function listRows(
  directory: string,
  exposure: Exposure,
): readonly TableRow[] {
  return [...ROWS.values()].filter(({ path }) =>
    path !== "" && parentOf(path) === directory && isShown(path, exposure)
  );
}

/** The paths of all node values, which can be learned ahead of any request. */
export function listNodeValues(): readonly string[] {
  return [...ROWS.values()]
    .filter(({ entry }) => entry.kind === "node-value")
    .map(({ path }) => path);
}

function isShown(path: string, exposure: Exposure): boolean {
  return ALWAYS_SHOWN.test(path) || exposure.shows(path);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
