import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** One answered request, as the metrics see it; every field is of a fixed set. */
export interface RequestObservation {
  /** Kind of entry asked for. */
  readonly route: string;
  /** HTTP status. */
  readonly status: number;
  /** Reason code of a refusal. */
  readonly reason: string | undefined;
  /** Time from the request's arrival to the answer, in seconds. */
  readonly seconds: number;
}

/** A gauge whose value is asked for at each scrape. */
export interface GaugeDefinition {
  /** Metric name, with its unit. */
  readonly name: string;
  /** What it tells. */
  readonly help: string;
  /** Reads the value; `undefined` leaves the sample out. */
  readonly read: () => number | undefined;
}

/**
 * The daemon's metrics, in one registry of their own.
 *
 * No label takes a value from a client, so their number is bounded.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"route" | "status" | "reason">;
  readonly #duration: Histogram<"route">;
  readonly #mints: Counter<"kind" | "outcome">;
  readonly #cache: Counter<"outcome">;
  readonly #renewals: Counter<"outcome">;
  readonly #reloads: Counter<"outcome">;
  readonly #reloadedAt: Gauge<"outcome">;

  /**
   * Creates the instruments.
   *
   * @param version Version of the program, for the build information.
   */
  constructor(version: string) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "saassigner_requests_total",
      help: "Requests answered on the pod-facing port",
      labelNames: ["route", "status", "reason"],
      registers,
    });
    this.#duration = new Histogram({
      name: "saassigner_request_duration_seconds",
      help: "Time from a pod's request to its answer",
      labelNames: ["route"],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5],
      registers,
    });
    this.#mints = new Counter({
      name: "saassigner_mints_total",
      help: "Tokens asked of IAM",
      labelNames: ["kind", "outcome"],
      registers,
    });
    this.#cache = new Counter({
      name: "saassigner_token_cache_total",
      help: "Token requests by how the cache served them",
      labelNames: ["outcome"],
      registers,
    });
    this.#renewals = new Counter({
      name: "saassigner_token_renewals_total",
      help: "Tokens minted before anybody asked",
      labelNames: ["outcome"],
      registers,
    });
    this.#reloads = new Counter({
      name: "saassigner_config_reloads_total",
      help: "Attempts to reload the configuration",
      labelNames: ["outcome"],
      registers,
    });
    this.#reloadedAt = new Gauge({
      name: "saassigner_config_last_reload_timestamp_seconds",
      help: "Time of the last attempt to reload, by outcome",
      labelNames: ["outcome"],
      registers,
    });
    new Gauge({
      name: "saassigner_build_info",
      help: "Always 1; the version is a label",
      labelNames: ["version"],
      registers,
    }).set({ version }, 1);
  }

  /**
   * Counts one answered request.
   *
   * @param observation What was asked and answered.
   */
  observeRequest(observation: RequestObservation): void {
    const { route, status, reason = "", seconds } = observation;
    this.#requests.inc({ route, status: String(status), reason });
    this.#duration.observe({ route }, seconds);
  }

  /**
   * Counts one call to IAM.
   *
   * @param kind Kind of token.
   * @param outcome `ok` or the failure.
   */
  countMint(kind: string, outcome: string): void {
    this.#mints.inc({ kind, outcome });
  }

  /**
   * Counts one token request.
   *
   * @param outcome How it was served.
   */
  countCache(outcome: "hit" | "stale" | "join" | "miss" | "refused"): void {
    this.#cache.inc({ outcome });
  }

  /**
   * Counts one token minted in the background.
   *
   * @param outcome `ok` or the failure.
   */
  countRenewal(outcome: string): void {
    this.#renewals.inc({ outcome });
  }

  /**
   * Counts one attempt to reload the configuration.
   *
   * @param outcome How it ended.
   * @param atMs When, in milliseconds since the Unix epoch.
   */
  noteReload(outcome: "accepted" | "refused", atMs: number): void {
    this.#reloads.inc({ outcome });
    this.#reloadedAt.set({ outcome }, atMs / 1000);
  }

  /**
   * Adds a gauge that is read at each scrape.
   *
   * @param definition Its name, text and source.
   */
  addGauge(definition: GaugeDefinition): void {
    new Gauge({
      name: definition.name,
      help: definition.help,
      registers: [this.#registry],
      collect(): void {
        const value = definition.read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
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
