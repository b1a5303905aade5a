import { type Mint, MintError, mintKey } from "../core/mint.ts";
import { addSpanEvent } from "../telemetry/otel.ts";

/** How {@linkcode withRefusals} works. */
export interface RefusalOptions {
  /** How long a refusal is remembered, in milliseconds. */
  readonly rememberMs: number;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Told of each request that is refused from memory. */
  readonly onRemembered: () => void;
}

/** Whoever asks for more than this at a time costs calls, and nothing else. */
const CAPACITY = 1_000;
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Wraps a minter so that what IAM refused is refused from memory for a little
 * while, and so is what Google wants to be asked for later.
 *
 * @param mint Minter to call.
 * @param options Time and patience.
 */
export function withRefusals(mint: Mint, options: RefusalOptions): Mint {
  const { rememberMs, now, onRemembered } = options;
  /** Oldest first. */
  const refusals = new Map<string, { error: MintError; untilMs: number }>();

  function remember(key: string, error: MintError): void {
    const ms = error.isTransient
      ? Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)
      : rememberMs;
    if (ms === 0) return;
    refusals.set(key, { error, untilMs: now() + ms });
    const [oldest] = refusals.keys();
    if (refusals.size > CAPACITY && oldest !== undefined) {
      refusals.delete(oldest);
    }
  }

  return async (request, signal, holder) => {
    const key = mintKey(request);
    const refusal = refusals.get(key);
    if (refusal !== undefined) {
      const leftMs = refusal.untilMs - now();
      // More than it began with: the clock fell back.
      if (leftMs > 0 && leftMs <= Math.max(rememberMs, MAX_RETRY_AFTER_MS)) {
        onRemembered();
        addSpanEvent("refused from memory");
        throw refusal.error;
      }
      refusals.delete(key);
    }
    try {
      return await mint(request, signal, holder);
    } catch (error) {
      if (error instanceof MintError && error.failure !== "overload") {
        remember(key, error);
      }
      throw error;
    }
  };
}
