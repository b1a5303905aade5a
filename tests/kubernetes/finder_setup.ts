import type { Identification } from "../../src/core/caller.ts";
import { NamespaceIndex } from "../../src/core/namespace_index.ts";
import type { Lookup, Pod } from "../../src/core/pod.ts";
import { PodIndex } from "../../src/core/pod_index.ts";
import { CallerFinder } from "../../src/kubernetes/caller_finder.ts";
import { Journal } from "../../src/sandbox/journal.ts";
import { ManualTime } from "../sandbox/manual_time.ts";

export const ADDRESS = "10.0.0.1";

/** A running pod with {@linkcode ADDRESS}. */
export function podOf(uid: string, changes: Partial<Pod> = {}): Pod {
  return {
    uid,
    namespace: "shop",
    name: `name-of-${uid}`,
    addresses: [ADDRESS],
    phase: "Running",
    isTerminating: false,
    createdAtMs: 0,
    hostNetwork: false,
    serviceAccountName: "default",
    accountAnnotation: undefined,
    scopesAnnotation: undefined,
    ...changes,
  };
}

/** `found UID`, or the reason of the refusal. */
export function outcomeOf(identification: Identification): string {
  return identification.kind === "found"
    ? `found ${identification.caller.pod.uid}`
    : identification.reason;
}

/** A finder over real indexes, with a scripted API server and a clock that moves when told. */
export class FinderSetup {
  readonly pods: PodIndex = new PodIndex();
  readonly namespaces: NamespaceIndex = new NamespaceIndex();
  readonly time: ManualTime = new ManualTime();
  readonly finder: CallerFinder;
  /** Addresses that were looked up live. */
  readonly lookups: Journal<string> = new Journal();
  /** Seconds that each request waited. */
  readonly waits: number[] = [];
  hasSynced = true;
  isStale = false;
  areNamespacesStale = false;
  needsNamespace = false;
  maxWaitMs = 2_000;
  maxPauseMs = 1_000;
  /** What the API server says; `undefined` if it does not tell. */
  live: Lookup | undefined | Promise<Lookup | undefined>;

  constructor() {
    this.finder = new CallerFinder({
      pods: this.pods,
      namespaces: this.namespaces,
      hasSynced: () => this.hasSynced,
      arePodsStale: () => this.isStale,
      areNamespacesStale: () => this.areNamespacesStale,
      needsNamespace: () => this.needsNamespace,
      lookUp: async (address) => {
        this.lookups.add(address);
        return await this.live;
      },
      clock: this.time,
      maxWaitMs: () => this.maxWaitMs,
      maxPauseMs: () => this.maxPauseMs,
      onWaited: (seconds) => this.waits.push(seconds),
    });
  }

  /** Asks who calls, until the signal fires. */
  async ask(
    address: string = ADDRESS,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<string> {
    return outcomeOf(await this.finder.identify(address, signal));
  }
}
