import {
  type Identification,
  type Identify,
  type IdentifyNow,
  refuseLookup,
  UNKNOWN_NAMESPACE,
} from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import type { NamespaceIndex } from "../core/namespace_index.ts";
import type { Lookup, Pod } from "../core/pod.ts";
import type { PodIndex } from "../core/pod_index.ts";
import type { Reason } from "../core/reason.ts";
import { currentSpan } from "../telemetry/otel.ts";
import { ParkingLot, type Place } from "./parking_lot.ts";

/** What {@linkcode CallerFinder} needs. */
export interface CallerFinderOptions {
  /** Pods by address. */
  readonly pods: PodIndex;
  /** Allow-lists by namespace. */
  readonly namespaces: NamespaceIndex;
  /** Whether every index that the current mode needs holds a complete list. */
  readonly hasSynced: () => boolean;
  /** Whether the watch of pods has been silent for too long to trust the index alone. */
  readonly arePodsStale: () => boolean;
  /** Whether the watch of namespaces has been silent for too long to trust allow-lists. */
  readonly areNamespacesStale: () => boolean;
  /** Whether a caller's namespace must be known. */
  readonly needsNamespace: () => boolean;
  /** Asks the API server itself who has an address; `undefined` if it does not tell now. */
  readonly lookUp: (
    address: string,
    signal: AbortSignal,
  ) => Promise<Lookup | undefined>;
  /** Time. */
  readonly clock: Clock;
  /** How long a caller that is not known yet waits, in milliseconds; 0: not at all. */
  readonly maxWaitMs: () => number;
  /** Longest pause between two live lookups for one address, in milliseconds. */
  readonly maxPauseMs: () => number;
  /** Told how long each request waited, in seconds. */
  readonly onWaited: (seconds: number) => void;
}

/** The watch usually tells of a new pod within this time, and saves the lookup. */
const FIRST_PAUSE_MS = 200;

/** Time that the API server has for it, where callers do not wait otherwise. */
const CONFIRMATION_WAIT_MS = 1_000;

/** While the watch is stale, the API server is asked once in this time who has an address. */
const CONFIRMED_MS = 10_000;

interface Confirmation {
  readonly lookup: Lookup;
  /** When the API server said so. */
  readonly atMs: number;
}

/** What is known of an address; only a final judgement is answered without waiting. */
interface Judgement {
  readonly isFinal: boolean;
  readonly identification: Identification;
}

/**
 * Finds out which pod calls.
 *
 * A pod can call before the watch has told of it. A request from an unknown
 * address is therefore parked: the next change of the indexes releases it within
 * milliseconds, and meanwhile live lookups cover a watch that is late.
 */
export class CallerFinder {
  readonly #options: CallerFinderOptions;
  readonly #lot = new ParkingLot();
  /** What the API server last said of addresses that requests wait for. */
  readonly #live = new Map<string, Lookup>();
  /** Whom the API server named while the watch was stale, for a little while. */
  readonly #confirmed = new Map<string, Confirmation>();
  /** Number of changes, by which an answer tells whether it is older than the last one. */
  #changes = 0;

  /**
   * Creates a finder.
   *
   * @param options Indexes and collaborators.
   */
  constructor(options: CallerFinderOptions) {
    this.#options = options;
  }

  /** Number of requests that wait for their caller to become known. */
  get parkedCount(): number {
    return this.#lot.count;
  }

  /**
   * Lets every parked request look again; to be called after each change of an index.
   *
   * What the API server said before is forgotten: the change may have made it untrue.
   */
  recheck(): void {
    this.#changes++;
    this.#live.clear();
    this.#confirmed.clear();
    this.#lot.wake();
  }

  /**
   * Tells whether some pod claims an address, without waiting.
   *
   * @param address Canonical address.
   */
  isClaimed(address: string): boolean {
    const { kind } = this.#options.pods.find(address);
    return kind === "found" || kind === "ambiguous";
  }

  /** Finds the caller, if it need not be waited for. */
  readonly identifyNow: IdentifyNow = (address) => {
    const judgement = this.#judge(address);
    return judgement.isFinal || this.#maxWaitMs() === 0
      ? judgement.identification
      : undefined;
  };

  /** Finds the caller, and waits for one that is not known yet. */
  readonly identify: Identify = async (address, signal) =>
    this.identifyNow(address) ?? await this.#wait(address, signal);

  /** Whoever is not waited for would never be confirmed while the watch is stale. */
  #maxWaitMs(): number {
    const { maxWaitMs, arePodsStale } = this.#options;
    return arePodsStale()
      ? Math.max(maxWaitMs(), CONFIRMATION_WAIT_MS)
      : maxWaitMs();
  }

  async #wait(address: string, signal: AbortSignal): Promise<Identification> {
    const place = this.#lot.enter(
      address,
      (place) => this.#lookUpRepeatedly(address, place),
    );
    if (place === undefined) {
      return refuse(
        "overload",
        "Too many requests wait for their pod to become known",
      );
    }
    const patience = startDeadline(this.#options.clock, {
      ms: this.#maxWaitMs(),
      reason: () => new Error("The caller did not become known in time"),
      outer: signal,
    });
    const { clock, onWaited } = this.#options;
    const startedMs = clock.now();
    currentSpan().set({ "saassigner.waited": true });
    const waiting = patience.signal;
    try {
      while (true) {
        const judgement = this.#judge(address);
        if (judgement.isFinal || waiting.aborted) {
          return judgement.identification;
        }
        await place.nextWake(waiting);
      }
    } finally {
      patience.stop();
      place.leave();
      onWaited(Math.max(0, clock.now() - startedMs) / 1000);
    }
  }

  /**
   * Asks the API server while anybody waits for the address, in growing intervals.
   * An identity counts until the next question, and no longer than somebody waits.
   */
  async #lookUpRepeatedly(address: string, place: Place): Promise<void> {
    const { clock, lookUp, maxPauseMs, arePodsStale } = this.#options;
    const { abandoned } = place;
    const forget = (): void => void this.#live.delete(address);
    abandoned.addEventListener("abort", forget, { once: true });
    for (
      // No watch saves the lookup while it is stale.
      let pauseMs = arePodsStale() ? 0 : FIRST_PAUSE_MS;;
      pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), maxPauseMs())
    ) {
      if (pauseMs > 0) await clock.sleep(pauseMs, abandoned);
      if (this.#live.get(address)?.kind === "found") forget();
      const changes = this.#changes;
      const lookup = abandoned.aborted
        ? undefined
        : await lookUp(address, abandoned);
      if (abandoned.aborted) break;
      if (lookup !== undefined && changes === this.#changes) {
        this.#live.set(address, lookup);
        this.#confirm(address, lookup);
      }
      place.wake();
    }
  }

  /** Spares the next requests of a pod the lookup, as long as the watch is stale. */
  #confirm(address: string, lookup: Lookup): void {
    const { arePodsStale, clock } = this.#options;
    if (lookup.kind !== "found" || !arePodsStale()) {
      this.#confirmed.delete(address);
      return;
    }
    const atMs = clock.now();
    this.#confirmed.set(address, { lookup, atMs });
  }

  #findConfirmed(address: string): Lookup | undefined {
    const { arePodsStale, clock } = this.#options;
    const confirmation = this.#confirmed.get(address);
    if (confirmation === undefined) return undefined;
    const ageMs = clock.now() - confirmation.atMs;
    if (arePodsStale() && ageMs >= 0 && ageMs < CONFIRMED_MS) {
      return confirmation.lookup;
    }
    this.#confirmed.delete(address);
    return undefined;
  }

  /**
   * Judges by what is known now. A live answer counts where the index knows
   * nothing, and has to confirm an index that is stale.
   */
  #judge(address: string): Judgement {
    const { pods, hasSynced, arePodsStale } = this.#options;
    if (!hasSynced()) {
      return pending(
        "not-synced",
        "The pods of this node are not known yet; try again",
      );
    }
    const live = this.#live.get(address) ?? this.#findConfirmed(address);
    const indexed = pods.find(address);
    const lookup =
      live !== undefined && (indexed.kind === "unknown" || arePodsStale())
        ? live
        : indexed;
    switch (lookup.kind) {
      case "unknown":
      case "ambiguous":
        return {
          isFinal: false,
          identification: refuseLookup(lookup.kind),
        };
      case "host-network":
        return final(refuseLookup(lookup.kind));
      case "found":
        return arePodsStale() && live === undefined
          ? pending(
            "stale",
            "The API server cannot be asked who the caller is; try again",
          )
          : this.#judgeNamespace(lookup.pod);
    }
  }

  #judgeNamespace(pod: Pod): Judgement {
    const { namespaces, needsNamespace, areNamespacesStale } = this.#options;
    const namespace = namespaces.find(pod.namespace);
    if (needsNamespace() && namespace === undefined) {
      return { isFinal: false, identification: UNKNOWN_NAMESPACE };
    }
    if (needsNamespace() && areNamespacesStale()) {
      return pending(
        "stale",
        "The namespace's allow-list may be out of date; try again",
      );
    }
    return final({ kind: "found", caller: { pod, namespace } });
  }
}

function pending(reason: Reason, message: string): Judgement {
  return { isFinal: false, identification: refuse(reason, message) };
}

function final(identification: Identification): Judgement {
  return { isFinal: true, identification };
}

function refuse(reason: Reason, message: string): Identification {
  return { kind: "refused", reason, message };
}
