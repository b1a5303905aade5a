import { mintKey, type MintRequest } from "../core/mint.ts";
import { phaseOf } from "../core/token_life.ts";
import type { TokenEntry } from "./token_store.ts";

/** What the upkeep of tokens goes by. */
export interface UpkeepState {
  /** Tokens to have whether or not anybody asks for them. */
  readonly base: ReadonlyMap<string, MintRequest>;
  /** Whether base tokens are minted before anybody asks. */
  readonly prefetch: boolean;
  /** Tokens in memory. */
  readonly entries: Iterable<TokenEntry>;
  /** Time before which a token is left alone after failures; `-Infinity` for none. */
  readonly retryAtMs: (request: MintRequest) => number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** What to mint in the background. */
export interface UpkeepPlan {
  /** What is due now: what pods lack first, then what runs out first. */
  readonly due: readonly MintRequest[];
  /** When to plan again, in milliseconds since the Unix epoch; `Infinity` if nothing is to come. */
  readonly nextAtMs: number;
}

/**
 * Plans which tokens to mint in the background: base tokens that are missing, and
 * those near their end that are base tokens or were asked for within their lifetime.
 *
 * @param state What there is.
 */
export function planUpkeep(state: UpkeepState): UpkeepPlan {
  const { base, prefetch, entries, retryAtMs, nowMs } = state;
  const missing = new Map(prefetch ? base : []);
  const ending: { readonly request: MintRequest; readonly atMs: number }[] = [];
  let nextAtMs = Infinity;
  /** Tells whether it is time, and else when it will be. */
  const isDue = (atMs: number): boolean => {
    if (atMs <= nowMs) return true;
    nextAtMs = Math.min(nextAtMs, atMs);
    return false;
  };
  for (const entry of entries) {
    const { request, life } = entry;
    const key = mintKey(request);
    missing.delete(key);
    const isWanted = base.has(key) ||
      nowMs - entry.askedAtMs < life.lifetimeMs;
    const atMs = phaseOf(life, nowMs) === "fresh" ? life.renewAtMs : nowMs;
    if (isWanted && isDue(Math.max(atMs, retryAtMs(request)))) {
      ending.push({ request, atMs: life.token.expiresAtMs });
    }
  }
  const lacking = [...missing.values()].filter((request) =>
    isDue(retryAtMs(request))
  );
  ending.sort((one, other) => one.atMs - other.atMs);
  return {
    due: [...lacking, ...ending.map(({ request }) => request)],
    nextAtMs,
  };
}
