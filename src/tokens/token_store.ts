import { mintKey, type MintRequest } from "../core/mint.ts";
import type { TokenLife } from "../core/token_life.ts";

/** A token in memory. */
export interface TokenEntry {
  /** What it was minted for. */
  readonly request: MintRequest;
  /** The token with its times. */
  readonly life: TokenLife;
  /** When a pod last asked for it, in milliseconds since the Unix epoch; `-Infinity` if none did. */
  readonly askedAtMs: number;
  /** Uids of the pods that asked for it. */
  readonly holders: ReadonlySet<string>;
}

interface MutableEntry extends TokenEntry {
  life: TokenLife;
  askedAtMs: number;
  /** Number of its last use, among all uses of all tokens. */
  lastUse: number;
  readonly holders: Set<string>;
}

/** How much a {@linkcode TokenStore} keeps. */
export interface TokenStoreOptions {
  /** Tokens in all, if pinned ones are not more; the least recently used goes first. */
  readonly capacity: number;
  /** Tokens that one pod can keep here; of more, its own least recently used goes. */
  readonly perHolder: number;
}

/**
 * Tokens by what they were minted for, each with the pods that asked for it.
 *
 * A token stays while a pod holds it or it is pinned. What one pod asks for can push
 * out its own tokens only, and of these only such as no other pod holds.
 */
export class TokenStore {
  readonly #options: TokenStoreOptions;
  readonly #entries = new Map<string, MutableEntry>();
  /** Keys of each holder, with the number of its own last use of each. */
  readonly #usesOf = new Map<string, Map<string, number>>();
  /**
   * Number of uses so far. By these the least recent one is found, where it is needed:
   * maps whose order told it would be rebuilt all the time.
   */
  #uses = 0;
  #pinned: ReadonlySet<string> = new Set();

  /**
   * Creates an empty store.
   *
   * @param options Its bounds.
   */
  constructor(options: TokenStoreOptions) {
    this.#options = options;
  }

  /** Number of tokens. */
  get size(): number {
    return this.#entries.size;
  }

  /** Every token, the one that came first in front. */
  entries(): Iterable<TokenEntry> {
    return this.#entries.values();
  }

  /**
   * Finds a token, whatever its age.
   *
   * @param key Key of its request.
   */
  find(key: string): TokenEntry | undefined {
    return this.#entries.get(key);
  }

  /**
   * Tells whether a token stays although no pod holds it.
   *
   * @param key Key of its request.
   */
  isPinned(key: string): boolean {
    return this.#pinned.has(key);
  }

  /**
   * Notes that a pod asked for a token, if that is there.
   *
   * @param key Key of its request.
   * @param asker `holder` is the pod's uid, `nowMs` the current time.
   */
  touch(
    key: string,
    asker: { readonly holder: string; readonly nowMs: number },
  ): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#uses += 1;
    entry.askedAtMs = asker.nowMs;
    entry.lastUse = this.#uses;
    this.#hold(entry, key, asker.holder);
  }

  /**
   * Keeps a token, in place of an older one for the same request.
   *
   * @param request What it was minted for.
   * @param life The token with its times.
   */
  put(request: MintRequest, life: TokenLife): void {
    const key = mintKey(request);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.life = life;
      return;
    }
    this.#entries.set(key, {
      request,
      life,
      askedAtMs: -Infinity,
      lastUse: this.#uses,
      holders: new Set(),
    });
    if (this.#entries.size > this.#options.capacity) this.#evict(key);
  }

  /**
   * Forgets a token.
   *
   * @param key Key of its request.
   */
  drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const holder of entry.holders) this.#forgetKey(holder, key);
  }

  /**
   * Pins tokens, unpins all others, and forgets what nobody may have any more.
   *
   * @param pinned Keys of the tokens to keep though no pod holds them.
   * @param mayHold Tells whether a pod may still have a token.
   */
  retain(
    pinned: ReadonlySet<string>,
    mayHold: (holder: string, request: MintRequest) => boolean,
  ): void {
    this.#pinned = pinned;
    for (const [key, entry] of this.#entries) {
      for (const holder of entry.holders) {
        if (mayHold(holder, entry.request)) continue;
        entry.holders.delete(holder);
        this.#forgetKey(holder, key);
      }
      if (entry.holders.size === 0 && !pinned.has(key)) this.drop(key);
    }
  }

  #hold(entry: MutableEntry, key: string, holder: string): void {
    let uses = this.#usesOf.get(holder);
    if (uses === undefined) this.#usesOf.set(holder, uses = new Map());
    uses.set(key, entry.lastUse);
    entry.holders.add(holder);
    if (uses.size <= this.#options.perHolder) return;
    const oldest = leastRecent(uses);
    if (oldest === undefined) return;
    uses.delete(oldest);
    const left = this.#entries.get(oldest);
    left?.holders.delete(holder);
    if (left?.holders.size === 0 && !this.#pinned.has(oldest)) {
      this.#entries.delete(oldest);
    }
  }

  #forgetKey(holder: string, key: string): void {
    const uses = this.#usesOf.get(holder);
    uses?.delete(key);
    if (uses?.size === 0) this.#usesOf.delete(holder);
  }

  /**
   * Forgets the token used longest ago that is not pinned. Pinned ones are as many as
   * pods at most, and would be minted again at once.
   */
  #evict(newest: string): void {
    const uses = new Map<string, number>();
    for (const [key, { lastUse }] of this.#entries) {
      if (key !== newest && !this.#pinned.has(key)) uses.set(key, lastUse);
    }
    const oldest = leastRecent(uses) ?? newest;
    if (!this.#pinned.has(oldest)) this.drop(oldest);
  }
}

function leastRecent(uses: ReadonlyMap<string, number>): string | undefined {
  let oldest: string | undefined;
  let least = Infinity;
  for (const [key, use] of uses) {
    if (use >= least) continue;
    oldest = key;
    least = use;
  }
  return oldest;
}
