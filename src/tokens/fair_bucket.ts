import type { Clock } from "../core/clock.ts";
import { MintError } from "../core/mint.ts";
import { TokenBucket } from "../core/token_bucket.ts";

/** How much a {@linkcode FairBucket} lets through. */
export interface FairBucketOptions {
  /** Long-run rate. */
  readonly perSecond: number;
  /** How many may go at once. */
  readonly burst: number;
  /** Time. */
  readonly clock: Clock;
}

interface Waiter {
  readonly go: () => void;
}

const MAX_WAITING = 1_024;
const MAX_WAITING_PER_PAYER = 256;

/**
 * Bounds a rate that several payers share: past the burst, each has its turn.
 *
 * However many one payer has waiting, another waits for one of them at most.
 */
export class FairBucket {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  /** Payers that wait, in order of their turn. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  #count = 0;
  #timer: AbortController | undefined;

  /**
   * Creates a full bucket that nobody waits for.
   *
   * @param options Rate and time.
   */
  constructor(options: FairBucketOptions) {
    this.#bucket = new TokenBucket(options.perSecond, options.burst);
    this.#clock = options.clock;
  }

  /**
   * Waits for a turn.
   *
   * @param payer Who takes it.
   * @param signal Ends the wait; the promise then rejects with its reason.
   * @throws {MintError} `overload` if too many wait already.
   */
  async take(payer: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#count === 0 && this.#bucket.take(this.#clock.now())) return;
    const own = this.#waiting.get(payer) ?? new Set();
    if (this.#count >= MAX_WAITING || own.size >= MAX_WAITING_PER_PAYER) {
      throw new MintError("overload", "Too many tokens are asked for at once");
    }
    this.#waiting.set(payer, own);
    const turn = Promise.withResolvers<void>();
    const waiter: Waiter = { go: turn.resolve };
    const leave = (): void => {
      this.#remove(payer, waiter);
      turn.reject(signal.reason);
    };
    own.add(waiter);
    this.#count += 1;
    signal.addEventListener("abort", leave, { once: true });
    this.#serve();
    await turn.promise.finally(() =>
      signal.removeEventListener("abort", leave)
    );
  }

  #serve(): void {
    for (const [payer, waiters] of this.#waiting) {
      const nowMs = this.#clock.now();
      if (!this.#bucket.take(nowMs)) {
        this.#serveLater(this.#bucket.waitMs(nowMs));
        return;
      }
      const [waiter] = waiters;
      // Behind the others; the loop comes to it again if it is still there.
      this.#waiting.delete(payer);
      this.#waiting.set(payer, waiters);
      if (waiter !== undefined) {
        this.#remove(payer, waiter);
        waiter.go();
      }
    }
  }

  #serveLater(ms: number): void {
    if (this.#timer !== undefined) return;
    const timer = this.#timer = new AbortController();
    this.#clock.sleep(ms, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.#timer = undefined;
      this.#serve();
    });
  }

  #remove(payer: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(payer);
    if (waiters?.delete(waiter) !== true) return;
    this.#count -= 1;
    if (waiters.size === 0) this.#waiting.delete(payer);
    if (this.#count > 0) return;
    this.#timer?.abort();
    this.#timer = undefined;
  }
}
