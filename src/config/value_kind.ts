import { DURATION_PATTERN, formatDuration, parseDuration } from "./duration.ts";

/** Part of a JSON Schema document. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Outcome of decoding a value. */
export type Decoded<T> =
  | { readonly outcome: "accepted"; readonly value: T }
  | {
    readonly outcome: "refused";
    /** Index of the entry that is to blame, if the value is a list. */
    readonly item?: number;
  };

/** What a value may be: how it is written, checked, shown and described. */
export interface ValueKind<T> {
  /** Type as help and tables show it. */
  readonly type: string;
  /** Completes "expected ...", limits included. */
  readonly accepts: string;
  /** The same for one entry, if the value is a list. */
  readonly acceptsItem?: string;
  /** The same as {@linkcode accepts}, for an editor. */
  readonly schema: JsonSchema;
  /** Whether a flag of this kind needs no value. */
  readonly isSwitch: boolean;

  /**
   * Turns a flag's value into what YAML would hold; never fails.
   *
   * @param text Value as typed.
   */
  fromText(text: string): unknown;

  /**
   * Decodes a value.
   *
   * @param value Value as YAML holds it.
   */
  decode(value: unknown): Decoded<T>;

  /**
   * Turns a decoded value back into what YAML would hold.
   *
   * @param value Value as {@linkcode decode} returned it.
   */
  encode(value: T): unknown;
}

/**
 * Creates a kind of text.
 *
 * @param about Name and description of the kind.
 * @param read Returns the canonical text, or `undefined` to refuse it.
 */
export function textKind(
  about: {
    readonly type: string;
    readonly accepts: string;
    readonly schema?: JsonSchema;
  },
  read: (text: string) => string | undefined,
): ValueKind<string> {
  return {
    type: about.type,
    accepts: about.accepts,
    schema: { type: "string", ...about.schema },
    isSwitch: false,
    fromText: (text) => text,
    decode: (value) => acceptDefined(readText(value, read)),
    encode: (value) => value,
  };
}

/** Yes or no; flags take any of Go's spellings. */
export const BOOLEAN: ValueKind<boolean> = {
  type: "boolean",
  accepts: "true or false",
  schema: { type: "boolean" },
  isSwitch: true,
  fromText(text): boolean | string {
    if (/^(?:true|t|1)$/i.test(text)) return true;
    return /^(?:false|f|0)$/i.test(text) ? false : text;
  },
  decode: (value) =>
    acceptDefined(typeof value === "boolean" ? value : undefined),
  encode: (value) => value,
};

/** A TCP port to listen on. */
export const PORT: ValueKind<number> = {
  type: "port",
  accepts: "a whole number from 0 to 65535, 0 for any free port",
  schema: { type: "integer", minimum: 0, maximum: 65_535 },
  isSwitch: false,
  fromText: fromDigits,
  decode: (value) => acceptDefined(readInteger(value, { from: 0, to: 65_535 })),
  encode: (value) => value,
};

/**
 * Creates a kind of whole number.
 *
 * @param limits Least and greatest number accepted.
 */
export function integerKind(
  limits: { readonly from: number; readonly to: number },
): ValueKind<number> {
  return {
    type: "number",
    accepts: `a whole number from ${limits.from} to ${limits.to}`,
    schema: { type: "integer", minimum: limits.from, maximum: limits.to },
    isSwitch: false,
    fromText: fromDigits,
    decode: (value) => acceptDefined(readInteger(value, limits)),
    encode: (value) => value,
  };
}

/**
 * Creates a kind of duration, decoded to milliseconds.
 *
 * @param limits Shortest and longest duration accepted, as written.
 */
export function durationKind(
  limits: { readonly from: string; readonly to: string },
): ValueKind<number> {
  const range = {
    from: parseDuration(limits.from) ?? 0,
    to: parseDuration(limits.to) ?? Number.MAX_SAFE_INTEGER,
  };
  return {
    type: "duration",
    accepts:
      `a duration such as 500ms, 2s, 1m30s or 1.5h, from ${limits.from} to ${limits.to}`,
    schema: {
      anyOf: [{ type: "string", pattern: DURATION_PATTERN }, { const: 0 }],
    },
    isSwitch: false,
    fromText: (text) => text,
    decode(value): Decoded<number> {
      const text = value === 0 ? "0" : value;
      const milliseconds = typeof text === "string"
        ? parseDuration(text)
        : undefined;
      return acceptDefined(readInteger(milliseconds, range));
    },
    encode: formatDuration,
  };
}

/**
 * Creates a choice between words, which may be written in any case.
 *
 * @param words Words accepted, each with what it means.
 */
export function choiceKind<const T extends string>(
  words: Readonly<Record<string, T>>,
): ValueKind<T> {
  const meanings = new Map(Object.entries(words));
  const canonical = [...new Set(meanings.values())];
  const others = [...meanings.keys()]
    .filter((word) => meanings.get(word) !== word);
  return {
    type: canonical.join("|"),
    accepts: `one of ${canonical.join(", ")}` +
      (others.length > 0 ? ` (or ${others.join(", ")})` : ""),
    schema: { type: "string", enum: [...meanings.keys()] },
    isSwitch: false,
    fromText: (text) => text,
    decode: (value) =>
      acceptDefined(
        typeof value === "string"
          ? meanings.get(value.toLowerCase())
          : undefined,
      ),
    encode: (value) => value,
  };
}

function acceptDefined<T>(value: T | undefined): Decoded<T> {
  return value === undefined
    ? { outcome: "refused" }
    : { outcome: "accepted", value };
}

function readText(
  value: unknown,
  read: (text: string) => string | undefined,
): string | undefined {
  return typeof value === "string" ? read(value) : undefined;
}

function fromDigits(text: string): number | string {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

function readInteger(
  value: unknown,
  range: { readonly from: number; readonly to: number },
): number | undefined {
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  return value >= range.from && value <= range.to ? value : undefined;
}
