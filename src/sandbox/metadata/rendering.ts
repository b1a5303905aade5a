import { createHash } from "node:crypto";
import {
  isArrayValue,
  isLines,
  listEntries,
  type MetadataValue,
} from "./tree.ts";

/** Directories whose entry names are data, and so keep their spelling in JSON. */
const verbatimDirectories = new Set([
  "attributes",
  "guest-attributes",
  "service-accounts",
]);

/**
 * Renders a directory's own entries, one a line; directories end in a slash.
 *
 * @param value Directory to list.
 * @returns Text that ends in a line feed, or is empty.
 */
export function renderListing(value: MetadataValue): string {
  const entries = listEntries(value) ?? [];
  return entries.map(([name, entry]) =>
    `${name}${listEntries(entry) === undefined ? "" : "/"}\n`
  )
    .join("");
}

/**
 * Renders a leaf as text.
 *
 * @param value Leaf; one with several lines ends in a line feed, a plain one does not.
 */
export function renderText(value: MetadataValue): string {
  if (isLines(value)) return value.map((line) => `${line}\n`).join("");
  return typeof value === "string" || typeof value === "bigint"
    ? String(value)
    : "";
}

/**
 * Renders a leaf or a whole directory as JSON.
 *
 * Keys are camelCased except where they are data; live entries are left out; numbers keep
 * every digit.
 *
 * @param value What to render.
 * @param within Names of the directories that lead to the value.
 */
export function renderJson(
  value: MetadataValue,
  within: readonly string[],
): string {
  if (typeof value === "bigint") return String(value);
  const entries = listEntries(value);
  if (entries === undefined) return JSON.stringify(value);
  const shown = entries.filter(([, entry]) => typeof entry !== "symbol");
  const verbatim = within.some((name) => verbatimDirectories.has(name));
  const items = shown.map(([name, entry]) => {
    const json = renderJson(entry, [...within, name]);
    if (isArrayValue(value)) return json;
    return `${JSON.stringify(verbatim ? name : toCamelCase(name))}:${json}`;
  });
  return isArrayValue(value) ? `[${items.join(",")}]` : `{${items.join(",")}}`;
}

/**
 * Renders a whole directory as text: one `path/to/entry value` line for each leaf.
 *
 * @param value Directory to render; live entries are left out.
 * @param prefix Path of the directory relative to the one that was asked for.
 */
export function renderTextTree(value: MetadataValue, prefix = ""): string {
  if (typeof value === "symbol") return "";
  const entries = listEntries(value);
  if (entries === undefined) {
    const lines = isLines(value) ? value : [renderText(value)];
    return lines.map((line) => `${prefix} ${line}\n`).join("");
  }
  const inside = prefix === "" ? "" : `${prefix}/`;
  return entries.map(([name, entry]) => renderTextTree(entry, inside + name))
    .join("");
}

/**
 * Computes the entity tag of a value: 16 hexadecimal digits that depend on the content only.
 *
 * @param content The value's JSON, prefixed where recursive and plain output must differ.
 */
export function computeEtag(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function toCamelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
