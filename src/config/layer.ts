import type { Origin } from "./config.ts";
import { type ConfigIssue, issueAt } from "./config_error.ts";
import type { Option } from "./option.ts";
import { decodeConfig, type Refusal } from "./schema.ts";

/** A value that one layer sets. */
export interface LayerValue {
  /** The value as YAML would hold it. */
  readonly value: unknown;
  /** Where it was set. */
  readonly origin: Origin;
  /** Where each entry was set, if the value is a list of a file. */
  readonly itemOrigins?: readonly Origin[];
}

/** What one source sets, by key path; nothing that it leaves out. */
export type Layer = ReadonlyMap<string, LayerValue>;

/** A layer, and what is wrong with its source. */
export interface CheckedLayer {
  /** What was set and could be read. */
  readonly layer: Layer;
  /** What could not; a layer with issues must not be used. */
  readonly issues: readonly ConfigIssue[];
}

/**
 * Checks every value of a layer, by itself.
 *
 * @param layer Layer as read.
 * @returns An issue for each value that is refused.
 */
export function checkLayer(layer: Layer): readonly ConfigIssue[] {
  const decoded = decodeConfig(valuesOf(layer));
  if (decoded.outcome === "accepted") return [];
  return decoded.refusals.map((refusal) => describeRefusal(refusal, layer));
}

/**
 * Takes the values of a layer without their origins.
 *
 * @param layer Layer as read.
 */
export function valuesOf(layer: Layer): ReadonlyMap<string, unknown> {
  return new Map([...layer].map(([path, { value }]) => [path, value]));
}

/**
 * Shows a value in a message: as JSON, short, and without secrets.
 *
 * @param value Value as YAML holds it.
 * @param option Option it is meant for; secret ones are masked.
 */
export function showValue(value: unknown, option?: Option): string {
  if (option?.isSecret === true && value !== null) return "***";
  const text = JSON.stringify(value)
    .replace(/\/\/[^"]*@/g, "//***@");
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}

const MAX_SHOWN = 80;

function describeRefusal(refusal: Refusal, layer: Layer): ConfigIssue {
  const { option, item } = refusal;
  const set = layer.get(option.path);
  const path = item === undefined ? option.path : `${option.path}[${item}]`;
  const value = item !== undefined && Array.isArray(refusal.value)
    ? refusal.value[item]
    : refusal.value;
  const expected = item === undefined
    ? option.kind.accepts + quoteHint(value, option)
    : option.kind.acceptsItem;
  return issueAt(
    set?.itemOrigins?.[item ?? -1] ?? set?.origin ?? { kind: "default" },
    {
      path,
      message: `${
        showValue(value, option)
      } is not accepted; expected ${expected}`,
    },
  );
}

/** Tells when only YAML's quotes are wrong: `node: 12`, `port: "8181"`. */
function quoteHint(value: unknown, { kind }: Option): string {
  if (typeof value === "number" || typeof value === "boolean") {
    const isMeant = kind.decode(String(value)).outcome === "accepted";
    return isMeant ? "; write it in quotes" : "";
  }
  if (typeof value !== "string") return "";
  const plain = kind.fromText(value);
  return plain !== value && kind.decode(plain).outcome === "accepted"
    ? "; write it without quotes"
    : "";
}
