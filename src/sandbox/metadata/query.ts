/** The query of a metadata request as far as every entry understands it. */
export interface MetadataQuery {
  /** Whether the whole subtree is wanted. */
  readonly recursive: boolean;
  /** Wanted format; `undefined` leaves it to the entry. */
  readonly alt: "json" | "text" | undefined;
  /** Whether to answer only once the value differs. */
  readonly waitForChange: boolean;
  /** Entity tag that the client has; an answer with another one need not wait. */
  readonly lastEtag: string | undefined;
  /** Longest wait in seconds; `undefined` is without end. */
  readonly timeoutSeconds: number | undefined;
  /** Every pair, decoded, for entries with keys of their own. */
  readonly pairs: URLSearchParams;
}

/** A request target taken apart, its path still as sent. */
export interface MetadataTarget {
  /** Path, percent signs and all. */
  readonly path: string;
  /** Entry names, without the empty ones that doubled slashes make: the server tolerates those. */
  readonly segments: readonly string[];
  /** Whether the path ends in a slash. */
  readonly slash: boolean;
  /** Query as sent, with its question mark; empty without one. */
  readonly search: string;
  /** The query, understood. */
  readonly query: MetadataQuery;
}

/**
 * Takes a request target apart.
 *
 * @param target Origin-form target as sent.
 */
export function parseMetadataTarget(target: string): MetadataTarget {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const search = mark < 0 ? "" : target.slice(mark);
  const pairs = new URLSearchParams(search);
  const alt = pairs.get("alt");
  const timeout = Number(pairs.get("timeout_sec") ?? "none");
  return {
    path,
    segments: path.split("/").filter((segment) => segment !== ""),
    slash: path.endsWith("/"),
    search,
    query: {
      recursive: isTrue(pairs.get("recursive")),
      alt: alt === "json" || alt === "text" ? alt : undefined,
      waitForChange: isTrue(pairs.get("wait_for_change")),
      lastEtag: pairs.get("last_etag") ?? undefined,
      timeoutSeconds: Number.isFinite(timeout) && timeout >= 0
        ? timeout
        : undefined,
      pairs,
    },
  };
}

/**
 * Tells whether a query value means yes: `true`, `on`, `yes` or `1` in any letter case.
 *
 * @param value Value as decoded; a missing or any other value means no.
 */
export function isTrue(value: string | null | undefined): boolean {
  return /^(true|on|yes|1)$/i.test(value ?? "");
}
