import type { Clock } from "../core/clock.ts";
import { type GaugeDefinition, Instruments } from "./instruments.ts";
import { isExporting } from "./otel.ts";

/** One answered request, as the metrics see it; every field is of a fixed set. */
export interface RequestObservation {
  /** Kind of entry asked for. */
  readonly route: string;
  /** HTTP status. */
  readonly status: number;
  /** Whether the policy allowed the pod an account; empty where it was not asked. */
  readonly decision: "allow" | "deny" | "";
  /** Reason code of a refusal. */
  readonly reason: string | undefined;
  /** Time from the request's arrival to the answer, in seconds. */
  readonly seconds: number;
}

const PUSH_MS = 10_000;

/** Upper bounds in seconds: from a warm answer to the end of a request's budget. */
const ANSWER_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5] as const;
/** Upper bounds in seconds, of calls that cross the network. */
const CALL_BUCKETS = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3, 5] as const;

/**
 * The daemon's metrics.
 *
 * No label takes a value from a client, so their number is bounded.
 */
export class Metrics implements Disposable {
  readonly #instruments: Instruments = new Instruments();
  readonly #requests;
  readonly #duration;
  readonly #waits;
  readonly #mints;
  readonly #mintDuration;
  readonly #cache;
  readonly #renewals;
  readonly #lists;
  readonly #lookups;
  readonly #events;
  readonly #reloads;
  readonly #reloadedAt;

  /**
   * Creates the instruments.
   *
   * @param version Version of the program, for the build information.
   */
  constructor(version: string) {
    const make = this.#instruments;
    this.#requests = make.counter({
      name: "saassigner_requests_total",
      help: "Requests answered on the pod-facing port",
      labels: ["route", "status", "decision", "reason"],
    });
    this.#duration = make.histogram({
      name: "saassigner_request_duration_seconds",
      help: "Time from a pod's request to its answer",
      labels: ["route"],
      buckets: ANSWER_BUCKETS,
    });
    this.#waits = make.histogram({
      name: "saassigner_caller_wait_seconds",
      help: "Time that requests waited for their pod to become known",
      buckets: ANSWER_BUCKETS,
    });
    this.#mints = make.counter({
      name: "saassigner_mints_total",
      help: "Tokens asked of IAM",
      labels: ["kind", "outcome"],
    });
    this.#mintDuration = make.histogram({
      name: "saassigner_mint_duration_seconds",
      help: "Time that IAM took for a token, or to fail",
      labels: ["kind"],
      buckets: CALL_BUCKETS,
    });
    this.#cache = make.counter({
      name: "saassigner_token_cache_total",
      help: "Token requests by how the cache served them",
      labels: ["outcome"],
    });
    this.#renewals = make.counter({
      name: "saassigner_token_renewals_total",
      help: "Tokens minted before anybody asked",
      labels: ["outcome"],
    });
    this.#lists = make.counter({
      name: "saassigner_lists_total",
      help: "Complete lists read from the API server",
      labels: ["collection"],
    });
    this.#lookups = make.counter({
      name: "saassigner_live_lookups_total",
      help: "Questions to the API server who has an address",
      labels: ["outcome"],
    });
    this.#events = make.counter({
      name: "saassigner_pod_events_total",
      help: "Kubernetes Events about pods that get no token",
      labels: ["outcome"],
    });
    this.#reloads = make.counter({
      name: "saassigner_config_reloads_total",
      help: "Attempts to reload the configuration",
      labels: ["outcome"],
    });
    this.#reloadedAt = make.gauge({
      name: "saassigner_config_last_reload_timestamp_seconds",
      help: "Time of the last attempt to reload, by outcome",
      labels: ["outcome"],
    });
    make.gauge({
      name: "saassigner_build_info",
      help: "Always 1; the version is a label",
      labels: ["version"],
    })({ version }, 1);
  }

  /**
   * Counts one answered request.
   *
   * @param observation What was asked and answered.
   */
  observeRequest(observation: RequestObservation): void {
    const { route, status, decision, reason = "", seconds } = observation;
    this.#requests({ route, status: String(status), decision, reason });
    this.#duration({ route }, seconds);
  }

  /**
   * Takes how long a request waited for its pod to become known, or in vain.
   *
   * @param seconds The time.
   */
  observeWait(seconds: number): void {
    this.#waits({}, seconds);
  }

  /**
   * Counts one call to IAM.
   *
   * @param kind Kind of token.
   * @param outcome `ok` or the failure.
   * @param seconds Time that it took.
   */
  observeMint(kind: string, outcome: string, seconds: number): void {
    this.#mints({ kind, outcome });
    this.#mintDuration({ kind }, seconds);
  }

  /**
   * Counts one token request.
   *
   * @param outcome How it was served.
   */
  countCache(outcome: "hit" | "stale" | "join" | "miss" | "refused"): void {
    this.#cache({ outcome });
  }

  /**
   * Counts one token minted in the background.
   *
   * @param outcome `ok` or the failure.
   */
  countRenewal(outcome: string): void {
    this.#renewals({ outcome });
  }

  /**
   * Counts one complete list.
   *
   * @param collection Of what.
   */
  countList(collection: "pods" | "namespaces"): void {
    this.#lists({ collection });
  }

  /**
   * Counts one question who has an address.
   *
   * @param outcome Kind of the answer, `limited` if it was not asked, or `failed`.
   */
  countLookup(outcome: string): void {
    this.#lookups({ outcome });
  }

  /**
   * Counts one Event about a pod.
   *
   * @param outcome What became of it.
   */
  countEvent(outcome: string): void {
    this.#events({ outcome });
  }

  /**
   * Counts one attempt to reload the configuration.
   *
   * @param outcome How it ended.
   * @param atMs When, in milliseconds since the Unix epoch.
   */
  noteReload(outcome: "accepted" | "refused", atMs: number): void {
    this.#reloads({ outcome });
    this.#reloadedAt({ outcome }, atMs / 1000);
  }

  /**
   * Adds what is read when it is wanted.
   *
   * @param definition Its name, text and source.
   */
  addGauge(definition: GaugeDefinition): void {
    this.#instruments.observe(definition);
  }

  /**
   * Hands over to the exporter, again and again, counts and what {@linkcode addGauge}
   * is about.
   *
   * @param clock Time.
   * @param signal Ends it.
   */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (isExporting && !signal.aborted) {
      this.#instruments.push();
      await clock.sleep(PUSH_MS, signal);
    }
  }

  /** Hands over what was counted since the last time, once nothing is counted any more. */
  [Symbol.dispose](): void {
    if (isExporting) this.#instruments.push();
  }

  /** Content type of {@linkcode render}'s text. */
  get contentType(): string {
    return this.#instruments.contentType;
  }

  /** Writes all metrics in Prometheus' text format. */
  render(): Promise<string> {
    return this.#instruments.render();
  }
}
