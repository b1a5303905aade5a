import type { Clock } from "../core/clock.ts";
import { nameOf, type Pod } from "../core/pod.ts";
import type { PodProblem } from "../core/pod_problem.ts";
import { TokenBucket } from "../core/token_bucket.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import { type ApiClient, KubernetesApiError } from "./api_client.ts";
import { EventLedger } from "./event_ledger.ts";
import {
  eventsPath,
  makeEvent,
  makeSeries,
  nameEvent,
} from "./event_object.ts";

/** What {@linkcode EventRecorder} needs. */
export interface EventRecorderOptions {
  /** Writes to the API server. */
  readonly api: Pick<ApiClient, "send">;
  /** Name of the node. */
  readonly node: string;
  /** Whether Events are wanted; asked each time. */
  readonly isOn: () => boolean;
  /** Time. */
  readonly clock: Clock;
  /** Takes that Events cannot be written. */
  readonly log: Log;
  /**
   * Told what became of each: `created`, `updated`, `known` to the API server from an
   * earlier process, `dropped` for there were too many, or `failed`.
   */
  readonly onOutcome: (outcome: string) => void;
}

/** In the long run, for the whole node; the API server has more to do. */
const PER_SECOND = 1;
const BURST = 20;
/** Waiting Events; past it, new ones are dropped. */
const MAX_WAITING = 200;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 5_000;
/** Time without any Event where the API server forbids them. */
const FORBIDDEN_MS = 600_000;

interface Waiting {
  readonly pod: Pod;
  readonly problem: PodProblem;
  readonly key: string;
  readonly kind: "create" | "update";
  readonly attempts: number;
}

/**
 * Writes Events about pods, each cause once an hour at most, and few of them at a time.
 *
 * They are for people who look at the pod: nothing waits for them, and one that cannot
 * be written is dropped in the end.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #ledger = new EventLedger();
  readonly #rate = new TokenBucket(PER_SECOND, BURST);
  readonly #waiting: Waiting[] = [];
  #wakeUp = new AbortController();
  #forbiddenUntilMs = -Infinity;

  /**
   * Creates a recorder; nothing is written before {@linkcode run}.
   *
   * @param options API client and collaborators.
   */
  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /**
   * Notes that a problem came up, and has it written unless it was within the last hour.
   *
   * @param pod The pod that has it.
   * @param problem The problem.
   */
  note(pod: Pod, problem: PodProblem): void {
    const { clock, isOn, onOutcome } = this.#options;
    const nowMs = clock.now();
    if (!isOn() || nowMs < this.#forbiddenUntilMs) return;
    const key = keyOf(pod, problem);
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#ledger.isDue(key, nowMs)) onOutcome("dropped");
      return;
    }
    const kind = this.#ledger.note(key, nowMs);
    if (kind === undefined) return;
    this.#waiting.push({ pod, problem, key, kind, attempts: 0 });
    this.#wakeUp.abort();
  }

  /**
   * Notes a problem that is still there, without counting it anew.
   *
   * @param pod The pod that has it.
   * @param problem The problem.
   */
  keep(pod: Pod, problem: PodProblem): void {
    const nowMs = this.#options.clock.now();
    if (this.#ledger.isDue(keyOf(pod, problem), nowMs)) this.note(pod, problem);
  }

  /**
   * Writes what was noted, until the signal fires.
   *
   * @param signal Ends it; what waits then is dropped.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const wake = (): void => this.#wakeUp.abort();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await clock.sleep(IDLE_MS, this.#wakeUp.signal);
        this.#wakeUp = new AbortController();
        continue;
      }
      while (!signal.aborted && !this.#rate.take(clock.now())) {
        await clock.sleep(1_000 / PER_SECOND, signal);
      }
      if (!signal.aborted) await this.#write(next, signal);
    }
    signal.removeEventListener("abort", wake);
  }

  async #write(next: Waiting, signal: AbortSignal): Promise<void> {
    const { log, clock, onOutcome } = this.#options;
    try {
      onOutcome(await this.#send(next, signal));
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof KubernetesApiError ? error.status : 0;
      if (status === 403) {
        this.#forbiddenUntilMs = clock.now() + FORBIDDEN_MS;
        for (const { key } of this.#waiting.splice(0)) this.#ledger.forget(key);
        log("warn", "Events cannot be written; see kubernetes.events", {
          error: describeError(error),
        });
      }
      const mayRetry = status === 0 || status === 429 || status >= 500;
      if (!mayRetry || next.attempts + 1 >= MAX_ATTEMPTS) {
        this.#ledger.forget(next.key);
        onOutcome("failed");
        log("debug", "An Event was not written", {
          pod: nameOf(next.pod),
          error: describeError(error),
        });
        return;
      }
      await clock.sleep(RETRY_MS * (next.attempts + 1), signal);
      this.#waiting.unshift({ ...next, attempts: next.attempts + 1 });
    }
  }

  async #send(
    { pod, problem, key, kind }: Waiting,
    signal: AbortSignal,
  ): Promise<string> {
    const { api, node, clock } = this.#options;
    const name = await nameEvent(pod, key);
    const path = eventsPath(pod.namespace);
    const nowMs = clock.now();
    if (kind === "update") {
      const body = makeSeries(this.#ledger.countOf(key), nowMs);
      const isThere = await ignoring(
        404,
        api.send({ method: "PATCH", path: `${path}/${name}`, body }, signal),
      );
      if (isThere) return "updated";
    }
    const body = makeEvent(pod, problem, { name, node, nowMs });
    const isNew = await ignoring(
      409,
      api.send({ method: "POST", path, body }, signal),
    );
    return isNew ? "created" : "known";
  }
}

/** Nothing wakes the loop but a note. */
const IDLE_MS = 3_600_000;

/** Tells whether it was done, and not answered by the one status that means something. */
async function ignoring(
  status: number,
  request: Promise<unknown>,
): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.status === status) {
      return false;
    }
    throw error;
  }
}

function keyOf({ uid }: Pod, { event, reason, account }: PodProblem): string {
  return JSON.stringify([uid, event, reason, account]);
}
