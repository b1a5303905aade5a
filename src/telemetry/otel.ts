import {
  type Link,
  metrics,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { hideQueries } from "./hide_queries.ts";
import { VERSION } from "./version.ts";

const SCOPE = "saassigner";
const tracer = trace.getTracer(SCOPE, VERSION);
const meter = metrics.getMeter(SCOPE, VERSION);

/** Name of no trace. */
const NO_TRACE = "0".repeat(32);
/** Never ended, and so never exported. */
const probe = tracer.startSpan("probe");
/** Whether the runtime traces; if not, nothing is to cost time here. */
const isTracing = refOf(probe.spanContext()) !== undefined;
if (isTracing) hideQueries(probe);

/** Facts of a span; `undefined` ones are left out. Never a token, JWT, audience or query. */
export type SpanFacts = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/** Names a span, so that another can point to it. */
export interface SpanRef {
  /** Trace that the span is in, 32 hex digits. */
  readonly traceId: string;
  /** The span in it, 16 hex digits. */
  readonly spanId: string;
}

/** A span under way. */
export interface ActiveSpan {
  /** Names it, or undefined while nothing is traced. */
  readonly ref: SpanRef | undefined;
  /**
   * Adds facts.
   *
   * @param facts What became known.
   */
  set(facts: SpanFacts): void;
  /**
   * Points to another span that has to do with this one.
   *
   * @param ref The other span; undefined is ignored.
   */
  link(ref: SpanRef | undefined): void;
}

/**
 * Does a piece of work in a span of its own, below the current one.
 *
 * Without a tracing runtime (`OTEL_DENO` is not set) it does the work and nothing else.
 *
 * @param name Constant name.
 * @param work The work; what it throws is noted by kind, and goes on.
 * @param facts Facts from the start on.
 */
export function traced<T>(
  name: string,
  work: (span: ActiveSpan) => T,
  facts: SpanFacts = {},
): T {
  if (!isTracing) return work(NO_SPAN);
  const around = trace.getActiveSpan();
  // Spans below one that is not sampled are not either, and would cost as much.
  if (around !== undefined && !isSampled(around)) return work(NO_SPAN);
  return tracer.startActiveSpan(
    name,
    { attributes: withoutUndefined(facts) },
    (span) => endWith(span, work),
  );
}

/**
 * As {@linkcode traced}, but as the start of a trace of its own: what goes on in the
 * background belongs to nobody's request.
 *
 * @param name Constant name.
 * @param work The work.
 * @param options Facts, spans that it has to do with, and when it began, in
 * milliseconds since the Unix epoch, if that is past.
 */
export function tracedApart<T>(
  name: string,
  work: (span: ActiveSpan) => T,
  options: {
    readonly facts?: SpanFacts;
    readonly links?: readonly (SpanRef | undefined)[];
    readonly startTime?: number;
  } = {},
): T {
  if (!isTracing) return work(NO_SPAN);
  const { facts = {}, links = [], startTime } = options;
  return tracer.startActiveSpan(
    name,
    {
      root: true,
      attributes: withoutUndefined(facts),
      links: links.flatMap((ref) => ref === undefined ? [] : [toLink(ref)]),
      ...startTime === undefined ? {} : { startTime },
    },
    ROOT_CONTEXT,
    (span) => endWith(span, work),
  );
}

/** The span that is under way where this is called, if it is sampled. */
export function currentSpan(): ActiveSpan {
  const span = activeSpan();
  return span === undefined ? NO_SPAN : toActive(span);
}

/**
 * Notes that something happened in the current span.
 *
 * @param name Constant name.
 * @param facts Facts of it.
 */
export function addSpanEvent(name: string, facts: SpanFacts = {}): void {
  activeSpan()?.addEvent(name, withoutUndefined(facts));
}

/** What is told of an answered request. */
export interface RequestSpan {
  /** Name of the span. */
  readonly name: string;
  /** The path with what varies left out. */
  readonly route: string;
  /** Why it is an error of ours, if it is one. */
  readonly failure: string | undefined;
  /** Facts to add. */
  readonly facts: SpanFacts;
}

/**
 * Describes the span that the runtime made for the current HTTP request.
 *
 * @param describe Makes the description; not called if nobody will see it.
 */
export function describeRequestSpan(describe: () => RequestSpan): void {
  const span = activeSpan();
  if (span === undefined) return;
  const { name, route, failure, facts } = describe();
  span.updateName(name);
  span.setAttributes({
    "http.route": route,
    ...withoutUndefined(facts),
  });
  if (failure !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  }
}

/** Trace that is under way where this is called, 32 hex digits, if there is one and it is sampled. */
export function currentTraceId(): string | undefined {
  return refOf(activeSpan()?.spanContext())?.traceId;
}

/**
 * Reads a `traceparent` header.
 *
 * @param header Its text.
 * @returns The span that it names; undefined if it is malformed.
 * @see {@link https://www.w3.org/TR/trace-context/#traceparent-header}
 */
export function readTraceparent(
  header: string,
): SpanRef | undefined {
  const [, traceId, spanId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header) ??
      [];
  return traceId === undefined || spanId === undefined ||
      /^0+$/.test(traceId) || /^0+$/.test(spanId)
    ? undefined
    : { traceId, spanId };
}

function activeSpan(): Span | undefined {
  const span = isTracing ? trace.getActiveSpan() : undefined;
  return span !== undefined && isSampled(span) ? span : undefined;
}

/** The span that was asked about last: a request asks about its own again and again. */
let known: { readonly span: Span; readonly isSampled: boolean } | undefined;

/** Tells whether a span is sampled; the runtime says of all that they are recording. */
function isSampled(span: Span): boolean {
  if (known?.span !== span) {
    const { traceFlags } = span.spanContext();
    known = { span, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }
  return known.isSampled;
}

const NO_SPAN: ActiveSpan = {
  ref: undefined,
  set: () => {},
  link: () => {},
};

function toActive(span: Span): ActiveSpan {
  return {
    get ref(): SpanRef | undefined {
      return refOf(span.spanContext());
    },
    set: (facts) => void span.setAttributes(withoutUndefined(facts)),
    link: (ref) => ref !== undefined && span.addLink(toLink(ref)),
  };
}

function refOf(spanContext: SpanContext | undefined): SpanRef | undefined {
  if (spanContext === undefined) return undefined;
  const { traceId, spanId } = spanContext;
  return traceId === NO_TRACE || traceId === ""
    ? undefined
    : { traceId, spanId };
}

function toLink({ traceId, spanId }: SpanRef): Link {
  return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } };
}

/** Ends the span with the work, now or when its promise settles. */
function endWith<T>(span: Span, work: (span: ActiveSpan) => T): T {
  const fail = (error: unknown): never => {
    const type = kindOf(error);
    span.setAttribute("error.type", type);
    span.setStatus({ code: SpanStatusCode.ERROR, message: type });
    span.end();
    throw error;
  };
  let result: T;
  try {
    result = work(toActive(span));
  } catch (error) {
    return fail(error);
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then((value) => {
    span.end();
    return value;
  }, fail) as T;
}

/** Tells of an error what may be told anywhere: its failure code or class. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return "failure" in error && typeof error.failure === "string"
    ? error.failure
    : error.name;
}

function withoutUndefined(
  facts: SpanFacts,
): Record<string, string | number | boolean> {
  const known: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** What the export of an instrument says of it. */
export interface ExportedInstrument {
  /** What it tells. */
  readonly description: string;
  /** Unit by UCUM, such as `s`. */
  readonly unit?: string;
}

/** Takes one value with its labels. */
export type TakeValue = (
  value: number,
  labels: Readonly<Record<string, string>>,
) => void;

/**
 * Makes a counter that is exported, if the runtime exports.
 *
 * @param name Its name.
 * @param about What it tells.
 * @returns Adds to it.
 */
export function exportCounter(
  name: string,
  about: ExportedInstrument,
): TakeValue {
  const counter = meter.createCounter(name, about);
  return (value, labels) => counter.add(value, labels);
}

/**
 * Makes a histogram that is exported, if the runtime exports.
 *
 * @param name Its name.
 * @param about What it tells, and the upper bounds of its buckets.
 * @returns Adds a value.
 */
export function exportHistogram(
  name: string,
  about: ExportedInstrument & { readonly buckets: readonly number[] },
): TakeValue {
  const { buckets, ...options } = about;
  const histogram = meter.createHistogram(name, {
    ...options,
    advice: { explicitBucketBoundaries: [...buckets] },
  });
  return (value, labels) => histogram.record(value, labels);
}

/**
 * Makes a gauge that is exported, if the runtime exports.
 *
 * @param name Its name.
 * @param about What it tells.
 * @returns Sets it.
 */
export function exportGauge(
  name: string,
  about: ExportedInstrument,
): TakeValue {
  const gauge = meter.createGauge(name, about);
  return (value, labels) => gauge.record(value, labels);
}

/** Whether what is measured is exported at all. */
export const isExporting: boolean = isTracing;
