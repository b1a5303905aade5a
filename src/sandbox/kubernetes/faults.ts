import type {
  KubernetesFaultPlan,
  KubernetesQuirks,
  PlannedFailure,
} from "./fault_plan.ts";
import type { KubernetesListener } from "./listener.ts";
import type { ResourceName } from "./resources.ts";
import type { KubernetesStore } from "./store.ts";
import type { KubernetesWatches } from "./watches.ts";

/** What can be made to go wrong. */
export interface FaultTargets {
  /** Objects and their history. */
  readonly store: KubernetesStore;
  /** Open watches. */
  readonly watches: KubernetesWatches;
  /** What happens to coming requests. */
  readonly plan: KubernetesFaultPlan;
  /** Open connections. */
  readonly listener: KubernetesListener;
}

/** Everything that a test can make go wrong with an emulated API server. */
export class KubernetesFaults {
  readonly #targets: FaultTargets;

  /**
   * Creates the switches; all are off.
   *
   * @param targets What they act on.
   */
  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  /** Breaks every open connection by a reset (RST), watches in mid-stream included. */
  resetConnections(): void {
    this.#targets.watches.clear();
    this.#targets.listener.resetConnections();
  }

  /** Ends every open watch cleanly, as a server does at the watch's timeout. */
  endWatches(): void {
    this.#targets.watches.endAll();
  }

  /** Keeps back all watch events, of later watches too; connections stay open. */
  silence(): void {
    this.#targets.watches.silence();
  }

  /** Ends the silence; the events that were kept back go out in order. */
  speak(): void {
    this.#targets.watches.speak();
  }

  /**
   * Lets the next requests fail; a later call waits until an earlier one is used up.
   *
   * @param count How many requests.
   * @param failure HTTP status, hints, and which requests are meant.
   */
  failNext(count: number, failure: PlannedFailure): void {
    this.#targets.plan.failNext(count, failure);
  }

  /** Breaks the connection of the next list in the middle of its body. */
  cutNextList(): void {
    this.#targets.plan.cutNextList();
  }

  /**
   * Breaks the connections of the watches that are open now, each in the middle of its
   * next event.
   *
   * @param resource Which watches; all if left out.
   */
  cutNextEvent(resource?: ResourceName): void {
    this.#targets.watches.forEach((stream) => stream.cutNext(), resource);
  }

  /**
   * Sends the head of every list at once, and its body only after a while.
   *
   * @param milliseconds How long; 0 ends the delay.
   */
  delayLists(milliseconds: number): void {
    this.#targets.plan.listDelayMs = milliseconds;
  }

  /**
   * Changes the lawful ways of the server.
   *
   * @param quirks Ways from now on; what is left out is as in the newest server.
   */
  useQuirks(quirks: KubernetesQuirks): void {
    this.#targets.plan.quirks = quirks;
  }

  /** Compacts the history: watches and pages from before now are answered with 410. */
  compactHistory(): void {
    this.#targets.store.compact();
  }

  /**
   * Sends a line into every open watch, whatever is in it.
   *
   * @param line Line without its end, such as an ERROR event or garbage.
   * @param resource Which watches; all if left out.
   */
  injectLine(line: string, resource?: ResourceName): void {
    this.#targets.watches.forEach((stream) => stream.sendLine(line), resource);
  }

  /** Switches everything off: planned failures, cuts of lists, delay, silence, quirks. */
  clear(): void {
    this.#targets.plan.clear();
    this.#targets.plan.listDelayMs = 0;
    this.#targets.plan.quirks = {};
    this.speak();
  }
}
