import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  exportCounter,
  type ExportedInstrument,
  exportGauge,
  exportHistogram,
  type TakeValue,
} from "./otel.ts";
import { type Labels, Tally } from "./tally.ts";

/** What one instrument tells. */
export interface InstrumentDefinition<Label extends string = never> {
  /**
   * Name by Prometheus' conventions, with the unit: `saassigner_requests_total`.
   * OpenTelemetry has it as `saassigner.requests`, with the unit apart.
   */
  readonly name: string;
  /** What it tells. */
  readonly help: string;
  /** Names of its labels; their values are of fixed sets. */
  readonly labels?: readonly Label[];
}

/** A value that is asked for at each scrape and export. */
export interface GaugeDefinition extends InstrumentDefinition {
  /** Whether it only ever grows. */
  readonly isCounter?: boolean;
  /** Reads the value; `undefined` leaves the sample out. */
  readonly read: () => number | undefined;
}

/** Instruments that Prometheus scrapes and that the runtime exports by OTLP, if that is on. */
export class Instruments {
  readonly #registry = new Registry();
  readonly #observed: (() => void)[] = [];

  /**
   * Makes a counter.
   *
   * @param definition What it counts.
   * @returns Adds one.
   */
  counter<Label extends string>(
    definition: InstrumentDefinition<Label>,
  ): (labels: Labels<Label>) => void {
    const { name, help, labels = [] } = definition;
    const tally = new Tally(labels);
    const scraped = tally.createReader();
    new Counter({
      name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      collect(): void {
        for (const [values, count] of scraped()) this.inc(values, count);
      },
    });
    const { otelName, about } = otelDefinition(definition);
    const exported = exportCounter(otelName, about);
    const pushed = tally.createReader();
    this.#observed.push(() => {
      for (const [values, count] of pushed()) exported(count, values);
    });
    return (values) => tally.add(values);
  }

  /**
   * Makes a histogram.
   *
   * @param definition What it measures, and the upper bounds of its buckets.
   * @returns Adds one value.
   */
  histogram<Label extends string>(
    definition: InstrumentDefinition<Label> & {
      readonly buckets: readonly number[];
    },
  ): (labels: Labels<Label>, value: number) => void {
    const { name, help, labels = [], buckets } = definition;
    const own = new Histogram({
      name,
      help,
      labelNames: labels,
      buckets: [...buckets],
      registers: [this.#registry],
    });
    const { otelName, about } = otelDefinition(definition);
    const exported = exportHistogram(otelName, { ...about, buckets });
    return (values, value) => {
      own.observe(values, value);
      exported(value, values);
    };
  }

  /**
   * Makes an instrument that is read when it is wanted.
   *
   * @param definition What it tells, and from where.
   */
  observe(definition: GaugeDefinition): void {
    const { name, help, read, isCounter = false } = definition;
    const registers = [this.#registry];
    const { otelName, about } = otelDefinition(definition);
    if (isCounter) {
      new Counter({
        name,
        help,
        registers,
        collect(): void {
          this.reset();
          this.inc(read() ?? 0);
        },
      });
    } else {
      new Gauge({
        name,
        help,
        registers,
        collect(): void {
          const value = read();
          if (value === undefined) this.remove();
          else this.set(value);
        },
      });
    }
    // Not an observable instrument: the runtime asks those at its exit too, where nobody
    // answers any more, and then waits for ever.
    const exported = isCounter
      ? exportGrowth(exportCounter(otelName, about))
      : exportGauge(otelName, about);
    this.#observed.push(() => {
      const value = read();
      if (value !== undefined) exported(value, {});
    });
  }

  /** Hands over to the exporter counts, and what {@linkcode observe} is about, as they are now. */
  push(): void {
    for (const pushOne of this.#observed) pushOne();
  }

  /**
   * Makes a gauge that is set, with labels.
   *
   * @param definition What it tells.
   * @returns Sets one sample.
   */
  gauge<Label extends string>(
    definition: InstrumentDefinition<Label>,
  ): (labels: Labels<Label>, value: number) => void {
    const { name, help, labels = [] } = definition;
    const registers = [this.#registry];
    const own = new Gauge({ name, help, labelNames: labels, registers });
    const { otelName, about } = otelDefinition(definition);
    const exported = exportGauge(otelName, about);
    return (values, value) => {
      own.set(values, value);
      exported(value, values);
    };
  }

  /** Content type of {@linkcode render}'s text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Writes all metrics in Prometheus' text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Turns totals into what a counter is given. */
function exportGrowth(add: TakeValue): TakeValue {
  let before = 0;
  return (total, labels) => {
    add(Math.max(0, total - before), labels);
    before = total;
  };
}

const UNITS: Readonly<Record<string, string>> = { seconds: "s", bytes: "By" };

/** Takes the unit out of the name, where OpenTelemetry does not want it. */
function otelDefinition(
  { name, help }: InstrumentDefinition<string>,
): { readonly otelName: string; readonly about: ExportedInstrument } {
  const [, stem = name, suffix = ""] = /^(.*?)_(total|seconds|bytes)$/.exec(
    name,
  ) ?? [];
  const unit = UNITS[suffix];
  return {
    otelName: stem.replace("_", "."),
    about: { description: help, ...unit === undefined ? {} : { unit } },
  };
}
