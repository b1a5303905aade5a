import { isRecord } from "../../core/record.ts";

/** A span as it was exported. */
export interface OtlpSpan {
  /** Trace that it is in, 32 hex digits. */
  readonly traceId: string;
  /** Its own, 16 hex digits. */
  readonly spanId: string;
  /** The span above it; empty for the first of a trace. */
  readonly parentSpanId: string;
  /** Its name. */
  readonly name: string;
  /** Who made it: `deno` is the runtime. */
  readonly scope: string;
  /** Its facts. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Names of its events, in order. */
  readonly events: readonly string[];
  /** Spans that it points to, by their own ids. */
  readonly links: readonly string[];
  /** Whether it ended in an error. */
  readonly isError: boolean;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startMs: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

const STATUS_ERROR = 2;

/**
 * Reads the spans of an export request.
 *
 * @param payload Decoded JSON of an `ExportTraceServiceRequest`.
 * @see {@link https://github.com/open-telemetry/opentelemetry-proto}
 */
export function decodeSpans(payload: unknown): readonly OtlpSpan[] {
  return listOf(payload, "resourceSpans")
    .flatMap((resource) => listOf(resource, "scopeSpans"))
    .flatMap((group) => {
      const scope = textOf(fieldOf(group, "scope"), "name");
      return listOf(group, "spans").map((span) => decodeSpan(span, scope));
    });
}

function decodeSpan(span: unknown, scope: string): OtlpSpan {
  const startMs = timeOf(span, "startTimeUnixNano");
  return {
    traceId: textOf(span, "traceId"),
    spanId: textOf(span, "spanId"),
    parentSpanId: textOf(span, "parentSpanId"),
    name: textOf(span, "name"),
    scope,
    attributes: Object.fromEntries(
      listOf(span, "attributes").map((attribute) => [
        textOf(attribute, "key"),
        valueOf(fieldOf(attribute, "value")),
      ]),
    ),
    events: listOf(span, "events").map((event) => textOf(event, "name")),
    links: listOf(span, "links").map((link) => textOf(link, "spanId")),
    isError: fieldOf(fieldOf(span, "status"), "code") === STATUS_ERROR,
    startMs,
    durationMs: timeOf(span, "endTimeUnixNano") - startMs,
  };
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}

function textOf(value: unknown, key: string): string {
  const text = fieldOf(value, key);
  return typeof text === "string" ? text : "";
}

function timeOf(value: unknown, key: string): number {
  return Number(fieldOf(value, key)) / 1e6;
}

function valueOf(value: unknown): string {
  return isRecord(value) ? String(Object.values(value)[0]) : "";
}
