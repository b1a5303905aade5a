import type { Caller } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { Pod } from "../core/pod.ts";
import type { PodProblem } from "../core/pod_problem.ts";

/** What {@linkcode ProblemWatch} needs. */
export interface ProblemWatchOptions {
  /** Every pod known. */
  readonly callers: () => Iterable<Caller>;
  /** Finds what is wrong with a pod. */
  readonly find: (caller: Caller) => PodProblem | undefined;
  /** Told of each problem that is there. */
  readonly onProblem: (pod: Pod, problem: PodProblem) => void;
  /** Time. */
  readonly clock: Clock;
}

/** Changes come in bursts, such as a list of all pods. */
const SETTLE_MS = 1_000;
/** What lasts is looked at again, so that it does not fade away with its Event. */
const REPEAT_MS = 600_000;

/** Looks for what is wrong with pods, after each change and now and then. */
export class ProblemWatch {
  readonly #options: ProblemWatchOptions;
  #wakeUp = new AbortController();

  /**
   * Creates the watch; it looks at nothing before {@linkcode run}.
   *
   * @param options What to look at, and collaborators.
   */
  constructor(options: ProblemWatchOptions) {
    this.#options = options;
  }

  /** To be called after each change of pods, namespaces or configuration. */
  changed(): void {
    this.#wakeUp.abort();
  }

  /**
   * Looks again and again, until the signal fires.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, callers, find, onProblem } = this.#options;
    const wake = (): void => this.#wakeUp.abort();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      await clock.sleep(REPEAT_MS, this.#wakeUp.signal);
      await clock.sleep(SETTLE_MS, signal);
      if (signal.aborted) break;
      this.#wakeUp = new AbortController();
      for (const caller of callers()) {
        const problem = find(caller);
        if (problem !== undefined) onProblem(caller.pod, problem);
      }
    }
    signal.removeEventListener("abort", wake);
  }
}
