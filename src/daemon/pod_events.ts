import type { Settings } from "../config/settings.ts";
import type { Caller } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import { MintError } from "../core/mint.ts";
import {
  describeIamRefusal,
  describeNoAccount,
  findProblem,
} from "../core/pod_problem.ts";
import type { Decision } from "../core/policy.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { EventRecorder } from "../kubernetes/event_recorder.ts";
import { ProblemWatch } from "../kubernetes/problem_watch.ts";
import type { Exchange } from "../metadata/handler.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { RenewalOutcome } from "../tokens/token_keeper.ts";

/** What {@linkcode PodEvents} needs. */
export interface PodEventsOptions {
  /** Knows the pods, and writes to the API server. */
  readonly cluster: Pick<Cluster, "api" | "callers">;
  /** The configuration in force. */
  readonly current: () => Settings;
  /** Decides as for a request of the pod. */
  readonly decide: (caller: Caller) => Decision;
  /** Time. */
  readonly clock: Clock;
  /** Takes that Events cannot be written. */
  readonly log: Log;
  /** Counts what became of Events. */
  readonly metrics: Metrics;
}

/** Kubernetes Events that tell why a pod gets no token, where people look first. */
export class PodEvents {
  readonly #options: PodEventsOptions;
  readonly #recorder: EventRecorder;
  readonly #watch: ProblemWatch;

  /**
   * Creates them; nothing is written before {@linkcode run}.
   *
   * @param options What to look at, and collaborators.
   */
  constructor(options: PodEventsOptions) {
    const { cluster, current, decide, clock, metrics } = options;
    this.#options = options;
    this.#recorder = new EventRecorder({
      ...options,
      api: cluster.api,
      node: current().config.kubernetes.node,
      isOn: () => current().config.kubernetes.events,
      onOutcome: (outcome) => metrics.countEvent(outcome),
    });
    this.#watch = new ProblemWatch({
      callers: () => cluster.callers(),
      find: (caller) =>
        findProblem(caller, decide(caller), current().config.annotations),
      onProblem: (pod, problem) => this.#recorder.keep(pod, problem),
      clock,
    });
  }

  /** To be called after each change of pods, namespaces or configuration. */
  changed(): void {
    this.#watch.changed();
  }

  /**
   * Takes an answered request.
   *
   * @param exchange Request and answer.
   */
  noteExchange({ caller, decision, answer }: Exchange): void {
    if (caller === undefined || decision === undefined) return;
    const { reason } = answer;
    if (reason === "no-account" && decision.outcome === "deny") {
      const { annotations } = this.#options.current().config;
      this.#recorder.note(
        caller.pod,
        describeNoAccount(caller, decision.message, annotations),
      );
    }
    if (reason === "iam-denied" && decision.outcome === "allow") {
      this.#recorder.note(caller.pod, describeIamRefusal(decision.account));
    }
  }

  /**
   * Takes what became of a token that was to be minted ahead.
   *
   * @param outcome Which token, and the error if there is one.
   */
  noteRenewal({ request, error }: RenewalOutcome): void {
    if (!(error instanceof MintError) || error.failure !== "iam-denied") return;
    const { cluster, decide } = this.#options;
    for (const caller of cluster.callers()) {
      const decision = decide(caller);
      const isIts = decision.outcome === "allow" &&
        decision.account === request.account;
      if (isIts) {
        this.#recorder.keep(caller.pod, describeIamRefusal(request.account));
      }
    }
  }

  /**
   * Writes Events until the signal fires.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#watch.run(signal), this.#recorder.run(signal)]);
  }
}
