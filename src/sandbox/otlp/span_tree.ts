import type { OtlpSpan } from "./decode_spans.ts";

/** Facts that are worth a line's space. */
const SHOWN = [
  "k8s.namespace.name",
  "k8s.pod.name",
  "saassigner.account",
  "saassigner.cache",
  "saassigner.waited",
  "saassigner.reason",
  "http.response.status_code",
  "error.type",
];

/**
 * Writes one trace as a tree.
 *
 * @param spans All spans of the trace, in any order.
 * @returns Lines, the first span of all first; each with its time and its main facts.
 */
export function formatTrace(spans: readonly OtlpSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = Map.groupBy(
    spans.toSorted((one, other) => one.startMs - other.startMs),
    ({ parentSpanId }) => ids.has(parentSpanId) ? parentSpanId : "",
  );
  const lines: string[] = [];
  const write = (span: OtlpSpan, first: string, rest: string): void => {
    lines.push(first + describe(span));
    const children = below.get(span.spanId) ?? [];
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1;
      write(
        child,
        rest + (isLast ? "└─ " : "├─ "),
        rest + (isLast ? "   " : "│  "),
      );
    }
  };
  for (const root of below.get("") ?? []) write(root, "", "");
  return lines.map((line) => `${line}\n`).join("");
}

function describe(span: OtlpSpan): string {
  const { name, durationMs, attributes, events, links } = span;
  const facts = SHOWN.flatMap((key) =>
    attributes[key] === undefined
      ? []
      : [`${key.replace(/^(saassigner|k8s|http)\./, "")}=${attributes[key]}`]
  );
  return [
    `${name} ${durationMs.toFixed(1)} ms`,
    ...facts,
    ...events.length > 0 ? [`events: ${events.join(", ")}`] : [],
    ...links.length > 0 ? [`links: ${links.length}`] : [],
  ].join("  ");
}
