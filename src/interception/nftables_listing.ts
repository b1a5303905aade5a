import { type FoundRedirect, generationOf } from "./redirect_mark.ts";

/** An entry of what `nft -j` lists. */
export interface Listed {
  /** `table`, `set`, `chain`, `rule` or something that is not ours. */
  readonly kind: string;
  /** Name of the part that it belongs to, such as `chain guard`. */
  readonly part: string;
  /** In a form that can be compared. */
  readonly text: string;
  /** Where it leads, if it is a rule that leads pods' requests here. */
  readonly redirect: FoundRedirect | undefined;
}

/**
 * Reads what `nft -j list table` prints.
 *
 * @param listed The text.
 * @returns Its entries, or `undefined` if it is no listing.
 */
export function readElements(listed: string): readonly Listed[] | undefined {
  return readList(listed)?.flatMap((element) => {
    const [kind = "", body] = isRecord(element)
      ? Object.entries(element)[0] ?? []
      : [];
    if (kind === "metainfo") return [];
    return [{
      kind,
      part: partOf(kind, body),
      text: canonicalText(element),
      redirect: isRecord(body) ? readRedirect(body) : undefined,
    }];
  });
}

function partOf(kind: string, body: unknown): string {
  if (!isRecord(body)) return kind;
  return kind === "rule" ? `chain ${body["chain"]}` : `${kind} ${body["name"]}`;
}

function readList(text: string): readonly unknown[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const list = isRecord(document) ? document["nftables"] : undefined;
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

function readRedirect(
  { comment, expr }: Readonly<Record<string, unknown>>,
): FoundRedirect | undefined {
  const last: unknown = Array.isArray(expr) ? expr.at(-1) : undefined;
  const dnat = isRecord(last) ? last["dnat"] : undefined;
  if (!isRecord(dnat)) return undefined;
  return {
    host: String(dnat["addr"]),
    port: Number(dnat["port"]),
    generation: generationOf(String(comment)),
  };
}

/**
 * Writes an element so that it can be compared.
 *
 * Leaves out handles, comments, what was counted and what the kernel has put into a
 * set, and sorts the keys. Not every version of nft prints the flags of a set.
 *
 * @param element As in a document for nft, or in a listing.
 */
export function canonicalText(element: unknown): string {
  return JSON.stringify(element, (key, value: unknown) => {
    if (key === "handle" || key === "comment") return undefined;
    if (key === "counter") return {};
    if (key === "set" && isRecord(value) && "type" in value) {
      const { name, family, table, type, size } = value;
      return { family, name, size, table, type };
    }
    return isRecord(value)
      ? Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1),
      )
      : value;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
