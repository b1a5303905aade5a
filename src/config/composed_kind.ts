import type { Decoded, ValueKind } from "./value_kind.ts";

/**
 * Creates a kind of list, written as a YAML list or as a text with commas.
 *
 * @param item Kind of the entries.
 * @param about Plural name of the entries, and how many there must be.
 */
export function listKind(
  item: ValueKind<string>,
  about: { readonly type: string; readonly atLeast: 0 | 1 },
): ValueKind<readonly string[]> {
  const amount = about.atLeast === 1 ? "one or more" : "any number";
  return {
    type: about.type,
    accepts:
      `a list, or text separated by commas, of ${amount} of ${about.type}`,
    acceptsItem: item.accepts,
    schema: {
      anyOf: [
        { type: "array", items: item.schema, minItems: about.atLeast },
        { type: "string", minLength: about.atLeast },
      ],
    },
    isSwitch: false,
    fromText: (text) => text,
    decode(value): Decoded<readonly string[]> {
      const entries = typeof value === "string" ? splitAtCommas(value) : value;
      if (!Array.isArray(entries) || entries.length < about.atLeast) {
        return { outcome: "refused" };
      }
      return decodeEntries(entries, item);
    },
    encode: (value) => [...value],
  };
}

/**
 * Lets a value be unset: YAML `null`, or nothing behind a flag's `=`.
 *
 * @param kind Kind of the value when it is set.
 */
export function unsettable<T>(kind: ValueKind<T>): ValueKind<T | undefined> {
  return {
    type: kind.type,
    accepts: `${kind.accepts}, or null for none`,
    schema: { anyOf: [kind.schema, { type: "null" }] },
    isSwitch: kind.isSwitch,
    fromText: (text) => text === "" ? null : kind.fromText(text),
    decode: (value) =>
      value === null
        ? { outcome: "accepted", value: undefined }
        : kind.decode(value),
    encode: (value) => value === undefined ? null : kind.encode(value),
  };
}

function splitAtCommas(text: string): readonly string[] {
  if (text.trim() === "") return [];
  return text.split(",").map((entry) => entry.trim());
}

function decodeEntries(
  entries: readonly unknown[],
  item: ValueKind<string>,
): Decoded<readonly string[]> {
  const decoded: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const one = item.decode(entry);
    if (one.outcome === "refused") return { outcome: "refused", item: index };
    decoded.push(one.value);
  }
  return { outcome: "accepted", value: decoded };
}
