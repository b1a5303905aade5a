import {
  type Mint,
  MintError,
  mintKey,
  type MintNow,
  type MintRequest,
} from "../core/mint.ts";
import type { Token } from "../core/token.ts";
import { beginLife, phaseOf, tokenAt } from "../core/token_life.ts";
import {
  type ActiveSpan,
  currentSpan,
  traced,
  tracedApart,
} from "../telemetry/otel.ts";
import { abandonOn } from "./abandon_on.ts";
import { MAX_PAUSE_MS, pauseAfter } from "./renewal_pause.ts";
import { type TokenEntry, TokenStore } from "./token_store.ts";

/**
 * How a token request was served: from memory, from memory because the renewal
 * fails, by a flight under way, or by a new one.
 */
export type CacheOutcome = "hit" | "stale" | "join" | "miss";

/** How a {@linkcode TokenCache} works. */
export interface TokenCacheOptions {
  /** Tokens kept in all; the least recently used goes first. */
  readonly capacity: number;
  /** Tokens that one pod can keep here; of more, its own least recently used goes. */
  readonly perHolder: number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Told how each request of a pod was served. */
  readonly onServed: (outcome: CacheOutcome) => void;
}

/** A token that is being minted, and the span of that. */
interface Flight {
  readonly token: Promise<Token>;
  readonly span: ActiveSpan;
}

interface Failure {
  readonly count: number;
  readonly retryAtMs: number;
}

const NEVER = new AbortController().signal;

/**
 * Mints each token once, shares it between all pods that may have it, and
 * remembers it as long as one of them may; the life of a token is told at
 * `TokenLife`.
 *
 * Callers of one token share one flight, which none of them can cancel: a caller
 * that goes away leaves it to the others. A failure reaches every waiter. A token
 * whose renewal fails is served as long as it lives.
 */
export class TokenCache {
  readonly #mint: Mint;
  readonly #options: TokenCacheOptions;
  readonly #store: TokenStore;
  readonly #flights = new Map<string, Flight>();
  /** Of tokens in memory and pinned ones only. */
  readonly #failures = new Map<string, Failure>();

  /**
   * Creates an empty cache.
   *
   * @param mint Minter to call on a miss; it must end by itself, since its signal never fires.
   * @param options Its bounds, time and who is told.
   */
  constructor(mint: Mint, options: TokenCacheOptions) {
    this.#mint = mint;
    this.#options = options;
    this.#store = new TokenStore(options);
  }

  /** Number of tokens in memory. */
  get size(): number {
    return this.#store.size;
  }

  /** Every token in memory. */
  entries(): Iterable<TokenEntry> {
    return this.#store.entries();
  }

  /**
   * Finds what is in memory.
   *
   * @param request What it was minted for.
   */
  find(request: MintRequest): TokenEntry | undefined {
    return this.#store.find(mintKey(request));
  }

  /**
   * Tells when a token may be minted again in the background, after failures.
   *
   * @param request What it is minted for.
   * @returns A time in milliseconds since the Unix epoch; `-Infinity` if nothing failed.
   */
  retryAtMs(request: MintRequest): number {
    return this.#retryAtMs(mintKey(request));
  }

  /** Gives a pod its token, if it need not be waited for. */
  readonly mintNow: MintNow = (request, holder) => {
    const key = mintKey(request);
    const entry = this.#store.find(key);
    const outcome = entry && this.#judge(key, entry);
    if (entry === undefined || outcome === undefined) return undefined;
    return traced("mint", () => this.#give(entry, { key, outcome, holder }), {
      "saassigner.account": request.account,
    });
  };

  /** Gives a pod its token, from memory if it can. */
  readonly mint: Mint = (request, signal, holder = "") =>
    traced(
      "mint",
      () => this.#serve(request, signal, holder),
      { "saassigner.account": request.account },
    );

  #serve(
    request: MintRequest,
    signal: AbortSignal,
    holder: string,
  ): Promise<Token> {
    const { now } = this.#options;
    const key = mintKey(request);
    const entry = this.#store.find(key);
    const outcome = entry === undefined ? undefined : this.#judge(key, entry);
    if (entry !== undefined && outcome !== undefined) {
      return Promise.resolve(this.#give(entry, { key, outcome, holder }));
    }
    this.#tell(this.#flights.has(key) ? "join" : "miss");
    const waited = abandonOn(signal, this.#fly(request, holder));
    return waited.then(
      (token) => {
        this.#store.touch(key, { holder, nowMs: now() });
        return token;
      },
      (error) => this.#serveOld(key, error),
    );
  }

  /** Gives a token in memory. */
  #give(
    { life }: TokenEntry,
    { key, outcome, holder }: {
      readonly key: string;
      readonly outcome: CacheOutcome;
      readonly holder: string;
    },
  ): Token {
    const nowMs = this.#options.now();
    this.#tell(outcome);
    this.#store.touch(key, { holder, nowMs });
    return tokenAt(life, nowMs);
  }

  #tell(outcome: CacheOutcome): void {
    this.#options.onServed(outcome);
    currentSpan().set({ "saassigner.cache": outcome });
  }

  /**
   * Mints a token in the background, whatever is in memory.
   *
   * @param request What to mint it for.
   * @throws {MintError} If it cannot be had; the failure is remembered.
   */
  async renew(request: MintRequest): Promise<void> {
    await this.#fly(request, undefined);
  }

  /**
   * Forgets the tokens that nobody may have any more.
   *
   * @param pinned What to keep although no pod asked for it.
   * @param mayHold Tells whether a pod may still have a token.
   */
  retain(
    pinned: Iterable<MintRequest>,
    mayHold: (holder: string, request: MintRequest) => boolean,
  ): void {
    this.#store.retain(new Set([...pinned].map(mintKey)), mayHold);
    for (const key of this.#failures.keys()) {
      if (!this.#matters(key)) this.#failures.delete(key);
    }
  }

  /** Tells how a token in memory is served; `undefined` if it has to be waited for. */
  #judge(key: string, { request, life }: TokenEntry): CacheOutcome | undefined {
    const phase = phaseOf(life, this.#options.now());
    if (phase === "fresh") return "hit";
    const failure = this.#failures.get(key);
    // While IAM fails, nobody waits for what a token in memory can do.
    const isServed = phase === "due" ||
      phase === "ending" && failure !== undefined;
    if (!isServed) return undefined;
    if (this.#options.now() >= this.#retryAtMs(key)) {
      this.#fly(request, undefined).catch(() => {});
    }
    return phase === "due" ? "hit" : "stale";
  }

  #retryAtMs(key: string): number {
    const retryAtMs = this.#failures.get(key)?.retryAtMs ?? -Infinity;
    // More than any pause: the clock fell back.
    return retryAtMs > this.#options.now() + MAX_PAUSE_MS
      ? -Infinity
      : retryAtMs;
  }

  /**
   * Joins the flight for a request, or starts one: for a pod below its own span, and
   * else as a trace of its own. Spans of those who wait and of the flight point to
   * each other.
   */
  #fly(request: MintRequest, holder: string | undefined): Promise<Token> {
    const key = mintKey(request);
    const asker = currentSpan();
    const running = this.#flights.get(key);
    if (running !== undefined) {
      running.span.link(asker.ref);
      asker.link(running.span.ref);
      return running.token;
    }
    const start = (span: ActiveSpan): Promise<Token> => {
      const token = this.#fetch(request, holder)
        .finally(() => this.#flights.delete(key));
      this.#flights.set(key, { token, span });
      return token;
    };
    const facts = {
      "saassigner.account": request.account,
      "saassigner.token.kind": request.kind,
    };
    return holder === undefined
      ? tracedApart(
        "renew",
        () => traced("iam", start, facts),
        { facts, links: [asker.ref] },
      )
      : traced("iam", start, facts);
  }

  async #fetch(
    request: MintRequest,
    holder: string | undefined,
  ): Promise<Token> {
    const { now, random } = this.#options;
    const key = mintKey(request);
    try {
      const token = await this.#mint(request, NEVER, holder);
      const nowMs = now();
      if (token.expiresAtMs - nowMs < 1_000) {
        throw new MintError(
          "iam-unavailable",
          "IAM gave a token that is over; is the node's clock right?",
        );
      }
      this.#store.put(request, beginLife(token, nowMs, random()));
      // Whoever started the flight may have left it, but the place is counted to it.
      if (holder !== undefined) this.#store.touch(key, { holder, nowMs });
      this.#failures.delete(key);
      return token;
    } catch (error) {
      if (this.#matters(key)) this.#noteFailure(key, error);
      throw error;
    }
  }

  #noteFailure(key: string, error: unknown): void {
    const { now, random } = this.#options;
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const pauseMs = pauseAfter(error, { count, jitter: random() });
    this.#failures.set(key, { count, retryAtMs: now() + pauseMs });
  }

  #matters(key: string): boolean {
    return this.#store.find(key) !== undefined || this.#store.isPinned(key);
  }

  #serveOld(key: string, error: unknown): Token {
    const nowMs = this.#options.now();
    const life = this.#store.find(key)?.life;
    if (life !== undefined && phaseOf(life, nowMs) !== "over") {
      return tokenAt(life, nowMs);
    }
    throw error;
  }
}
