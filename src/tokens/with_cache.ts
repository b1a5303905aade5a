import {
  type Mint,
  MintError,
  mintKey,
  type MintRequest,
} from "../core/mint.ts";
import { secondsLeft, type Token } from "../core/token.ts";
import { abandonOn } from "./abandon_on.ts";

/** How a token request was served: from memory, by a flight under way, or by a new one. */
export type CacheOutcome = "hit" | "join" | "miss";

/** How {@linkcode withCache} works. */
export interface CacheOptions {
  /** Tokens kept at most; the least recently used goes first. */
  readonly capacity: number;
  /** A token with less than this left is minted anew, in seconds; half its lifetime if that is less. */
  readonly maxRenewalSeconds: number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Told how each request was served. */
  readonly onOutcome?: (outcome: CacheOutcome) => void;
}

interface Entry {
  readonly token: Token;
  readonly renewBelowSeconds: number;
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
  const cached = new Map<string, Entry>();
  const flights = new Map<string, Promise<Token>>();
  const { capacity, maxRenewalSeconds, now, onOutcome } = options;

  function remember(key: string, entry: Entry): void {
    cached.delete(key);
    cached.set(key, entry);
    const [oldest] = cached.keys();
    if (cached.size > capacity && oldest !== undefined) cached.delete(oldest);
  }

  async function fly(request: MintRequest): Promise<Token> {
    const token = await mint(request, new AbortController().signal);
    const lifetime = secondsLeft(token, now());
    if (lifetime < 1) {
      throw new MintError(
        "iam-unavailable",
        "IAM gave a token that is over; is the node's clock right?",
      );
    }
    const renewBelowSeconds = Math.min(maxRenewalSeconds, lifetime / 2);
    remember(mintKey(request), { token, renewBelowSeconds });
    return token;
  }

  function serveOld(key: string, error: unknown): Token {
    const old = cached.get(key)?.token;
    if (old !== undefined && secondsLeft(old, now()) > 0) return old;
    cached.delete(key);
    throw error;
  }

  return (request, signal) => {
    const key = mintKey(request);
    const entry = cached.get(key);
    if (
      entry !== undefined &&
      secondsLeft(entry.token, now()) >= entry.renewBelowSeconds
    ) {
      remember(key, entry);
      onOutcome?.("hit");
      return Promise.resolve(entry.token);
    }
    const flight = flights.get(key);
    onOutcome?.(flight === undefined ? "miss" : "join");
    const joined = flight ??
      fly(request).finally(() => flights.delete(key));
    if (flight === undefined) flights.set(key, joined);
    return abandonOn(signal, joined).catch((error) => serveOld(key, error));
  };
}
