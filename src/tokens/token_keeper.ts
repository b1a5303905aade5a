import type { Clock } from "../core/clock.ts";
import { baseRequest, covers, type Grant } from "../core/grant.ts";
import { MintError, mintKey, type MintRequest } from "../core/mint.ts";
import type { TokenCache } from "./token_cache.ts";
import { planUpkeep } from "./upkeep_plan.ts";

/** How a token fared in the background: minted, or why not. */
export interface RenewalOutcome {
  /** What it was to be minted for. */
  readonly request: MintRequest;
  /** What went wrong, if anything. */
  readonly error: unknown;
}

/** What {@linkcode TokenKeeper} needs. */
export interface TokenKeeperOptions {
  /** The tokens. */
  readonly cache: TokenCache;
  /** What each pod of this node may have now. */
  readonly grants: () => Iterable<Grant>;
  /** Whether a pod's token is minted as soon as the pod appears. */
  readonly prefetch: boolean;
  /** Time. */
  readonly clock: Clock;
  /** Told of each token that was minted in the background, or could not be. */
  readonly onRenewal: (outcome: RenewalOutcome) => void;
}

/** At a time, so that pods' own calls of IAM find room. */
const WORKERS = 8;
/** Time between two looks at what pods may have, however often that changes. */
const SETTLE_MS = 100;
/** A clock that jumps is noticed within this time. */
const MAX_PAUSE_MS = 30_000;

/**
 * Keeps tokens ready for the pods that may have them, and no longer.
 *
 * A pod's own token is minted when the pod appears. All tokens are renewed before
 * clients would throw them away, as long as a pod holds the account; such as were
 * asked for in a particular form only if that goes on. What no pod may have any
 * more is forgotten.
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  readonly #working = new Map<string, Promise<void>>();
  #base: ReadonlyMap<string, MintRequest> = new Map();
  #isChanged = false;
  #hasRoom = true;
  #wakeUp = new AbortController();

  /**
   * Creates a keeper that does nothing until {@linkcode run}.
   *
   * @param options Collaborators.
   */
  constructor(options: TokenKeeperOptions) {
    this.#options = options;
  }

  /** Whether each token that pods may have now was minted, or was tried to be. */
  get isSettled(): boolean {
    return !this.#isChanged && this.#hasRoom && this.#working.size === 0;
  }

  /** To be called whenever what pods may have can have changed; cheap. */
  changed(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#wakeUp.abort();
  }

  /**
   * Keeps the tokens until the signal fires; never throws.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let settledAtMs = clock.now() - SETTLE_MS;
    signal.addEventListener("abort", () => this.#wakeUp.abort(), {
      once: true,
    });
    while (!signal.aborted) {
      this.#wakeUp = new AbortController();
      const nowMs = clock.now();
      const sinceMs = Math.abs(nowMs - settledAtMs);
      // Once in a while also without a change: a token can come after its last holder went.
      if (sinceMs >= (this.#isChanged ? SETTLE_MS : MAX_PAUSE_MS)) {
        this.#isChanged = false;
        settledAtMs = nowMs;
        this.#review();
      }
      const untilMs = this.#isChanged ? settledAtMs + SETTLE_MS : this.#work();
      const pauseMs = Math.min(untilMs - nowMs, MAX_PAUSE_MS);
      await clock.sleep(Math.max(pauseMs, 0), this.#wakeUp.signal);
    }
    await Promise.all(this.#working.values());
  }

  /** Looks anew at what pods may have. */
  #review(): void {
    const { cache, grants } = this.#options;
    const byHolder = new Map<string, Grant>();
    const base = new Map<string, MintRequest>();
    for (const grant of grants()) {
      byHolder.set(grant.holder, grant);
      const request = baseRequest(grant);
      base.set(mintKey(request), request);
    }
    this.#base = base;
    cache.retain(
      base.values(),
      (holder, request) => covers(byHolder.get(holder), request),
    );
  }

  /** Starts what is due, and tells when to look again. */
  #work(): number {
    const { cache, clock, prefetch } = this.#options;
    const { due, nextAtMs } = planUpkeep({
      base: this.#base,
      prefetch,
      entries: cache.entries(),
      retryAtMs: (request) => cache.retryAtMs(request),
      nowMs: clock.now(),
    });
    this.#hasRoom = due.length <= WORKERS;
    for (const request of due) {
      if (this.#working.size >= WORKERS) break;
      const key = mintKey(request);
      if (this.#working.has(key)) continue;
      this.#working.set(key, this.#renew(key, request));
    }
    // Each piece of work wakes the loop when it is done.
    return nextAtMs;
  }

  async #renew(key: string, request: MintRequest): Promise<void> {
    const { cache, onRenewal } = this.#options;
    let error: unknown;
    try {
      await cache.renew(request);
    } catch (thrown) {
      error = thrown ?? new MintError("iam-unavailable", "Unknown failure");
    }
    this.#working.delete(key);
    onRenewal({ request, error });
    this.#wakeUp.abort();
  }
}
