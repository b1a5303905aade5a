import { type Mint, mintKey, type MintRequest } from "../core/mint.ts";
import { secondsLeft, type Token } from "../core/token.ts";
import { abandonOn } from "./abandon_on.ts";

/** How a token request was served: from memory, by a flight under way, or by a new one. */
export type CacheOutcome = "hit" | "join" | "miss";

/** How {@linkcode withCache} works. */
export interface CacheOptions {
  /** Tokens kept at most; the least recently used goes first. */
  readonly capacity: number;
  /** A token with less than this left is minted anew, in seconds. */
  readonly renewBelowSeconds: () => number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Told how each request was served. */
  readonly onOutcome?: (outcome: CacheOutcome) => void;
}

/**
 * Wraps a minter so that each token is minted once and shared by all callers.
 *
 * Concurrent callers share one flight, which none of them can cancel: a caller
 * that goes away leaves it to the others. A failure reaches every waiter and is
 * not kept. Near its end a token is minted anew; if that fails, or takes longer
 * than the caller waits, the old one is served as long as it lives.
 *
 * @param mint Minter to call on a miss; it must end by itself, since its signal never fires.
 * @param options Size, renewal and clock.
 */
export function withCache(mint: Mint, options: CacheOptions): Mint {
  const cached = new Map<string, Token>();
  const flights = new Map<string, Promise<Token>>();
  const { capacity, renewBelowSeconds, now, onOutcome } = options;

  function remember(key: string, token: Token): void {
    cached.delete(key);
    cached.set(key, token);
    const [oldest] = cached.keys();
    if (cached.size > capacity && oldest !== undefined) cached.delete(oldest);
  }

  async function fly(request: MintRequest): Promise<Token> {
    const token = await mint(request, new AbortController().signal);
    remember(mintKey(request), token);
    return token;
  }

  function serveOld(key: string, error: unknown): Token {
    const old = cached.get(key);
    if (old !== undefined && secondsLeft(old, now()) > 0) return old;
    cached.delete(key);
    throw error;
  }

  return (request, signal) => {
    const key = mintKey(request);
    const token = cached.get(key);
    if (
      token !== undefined && secondsLeft(token, now()) >= renewBelowSeconds()
    ) {
      remember(key, token);
      onOutcome?.("hit");
      return Promise.resolve(token);
    }
    const flight = flights.get(key);
    onOutcome?.(flight === undefined ? "miss" : "join");
    const joined = flight ??
      fly(request).finally(() => flights.delete(key));
    if (flight === undefined) flights.set(key, joined);
    return abandonOn(signal, joined).catch((error) => serveOld(key, error));
  };
}
