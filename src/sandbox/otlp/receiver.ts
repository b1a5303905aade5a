import { isRecord } from "../../core/record.ts";
import { Journal } from "../journal.ts";
import { LoopbackServer } from "../loopback_server.ts";
import { decodeSpans, type OtlpSpan } from "./decode_spans.ts";

/** A collector that keeps what it is sent. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Base URL, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** Every span, in the order of arrival. */
  readonly spans: Journal<OtlpSpan>;
  /** Names of the metrics that arrived. */
  readonly metricNames: ReadonlySet<string>;
  /** Every body as it came, of traces, metrics and logs. */
  readonly bodies: readonly string[];
}

/**
 * Starts a collector of OTLP over HTTP in JSON, which refuses everything else.
 *
 * @param options `onSpans` is told of each batch of spans.
 * @see {@link https://opentelemetry.io/docs/specs/otlp/#otlphttp}
 */
export async function startOtlpReceiver(
  options: { readonly onSpans?: (spans: readonly OtlpSpan[]) => void } = {},
): Promise<OtlpReceiver> {
  const spans = new Journal<OtlpSpan>();
  const metricNames = new Set<string>();
  const bodies: string[] = [];
  const server = new LoopbackServer((exchange) => {
    const { method, target, body } = exchange;
    const answer = (status: number, text: string): Promise<void> => {
      const headers = { "Content-Type": "application/json" };
      exchange.send({ status, headers, body: text });
      return Promise.resolve();
    };
    const [, signal] = /^\/v1\/(traces|metrics|logs)$/.exec(target) ?? [];
    if (signal === undefined) return answer(404, "{}");
    if (method !== "POST") return answer(405, "{}");
    const type = exchange.header("content-type") ?? "";
    if (!type.startsWith("application/json")) {
      return answer(415, '{"message":"only JSON is taken"}');
    }
    const payload = parse(body);
    if (payload === undefined) return answer(400, '{"message":"no JSON"}');
    bodies.push(body);
    if (signal === "traces") {
      const decoded = decodeSpans(payload);
      for (const span of decoded) spans.add(span);
      options.onSpans?.(decoded);
    }
    if (signal === "metrics") {
      for (const name of namesIn(payload)) metricNames.add(name);
    }
    return answer(200, "{}");
  });
  await server.start();
  return {
    url: `http://${server.address}`,
    spans,
    metricNames,
    bodies,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every `name` of a metric, wherever the scopes are. */
function* namesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const each of value) yield* namesIn(each);
  } else if (isRecord(value)) {
    const { metrics } = value;
    if (Array.isArray(metrics)) {
      for (const metric of metrics) {
        if (isRecord(metric) && typeof metric["name"] === "string") {
          yield metric["name"];
        }
      }
    }
    for (const each of Object.values(value)) yield* namesIn(each);
  }
}
