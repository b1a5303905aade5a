import type { Token } from "./token.ts";

/**
 * A token with the times that its life goes by:
 *
 * ```
 *            minted                                            failed, but alive
 *  (nothing) ──────► fresh ───► due ───────────► ending ───────────┐
 *      ▲               ▲         │                 │   ▲           │
 *      │               │ renewed │ renewed,        │   └───────────┘
 *      │               └─────────┘ nobody waits    │ renewed, callers wait for it
 *      │               └───────────────────────────┘
 *      └──────────────────────── over, or held by no pod any more
 * ```
 *
 * `due` begins when a tenth-jittered 10 minutes or half the lifetime remain,
 * `ending` at 5 minutes or a third of it. Callers get the old token in all phases
 * but `over`; in `ending` only after its renewal has failed.
 */
export interface TokenLife {
  /** The token itself. */
  readonly token: Token;
  /** When it was minted, in milliseconds since the Unix epoch. */
  readonly mintedAtMs: number;
  /** How long it lives from then on, in milliseconds. */
  readonly lifetimeMs: number;
  /** When its renewal is due, in milliseconds since the Unix epoch. */
  readonly renewAtMs: number;
}

/** Where a token stands in its life. */
export type TokenPhase = "fresh" | "due" | "ending" | "over";

/** Clients throw a token away that has no more than this left, and ask again at once. */
const CLIENT_MARGIN_MS = 300_000;
const RENEWAL_MARGIN_MS = 600_000;
/** Clocks are set right by less than this all the time. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Begins the life of a token.
 *
 * @param token Token that was just minted.
 * @param nowMs Current time, in milliseconds since the Unix epoch.
 * @param jitter From 0 up to 1: brings the renewal forward by a tenth of its margin at most.
 */
export function beginLife(
  token: Token,
  nowMs: number,
  jitter: number,
): TokenLife {
  const lifetimeMs = token.expiresAtMs - nowMs;
  const marginMs = Math.min(RENEWAL_MARGIN_MS, lifetimeMs / 2);
  return {
    token,
    mintedAtMs: nowMs,
    lifetimeMs,
    renewAtMs: token.expiresAtMs - marginMs * (1 + jitter / 10),
  };
}

/**
 * Tells where a token stands in its life.
 *
 * A clock that fell back behind the minting brings its end near: nobody knows how old
 * the token really is.
 *
 * @param life The token's life.
 * @param nowMs Current time, in milliseconds since the Unix epoch.
 */
export function phaseOf(life: TokenLife, nowMs: number): TokenPhase {
  const { token, lifetimeMs, renewAtMs } = life;
  const leftMs = token.expiresAtMs - nowMs;
  if (leftMs < 1_000) return "over";
  if (leftMs < Math.min(CLIENT_MARGIN_MS, lifetimeMs / 3)) return "ending";
  if (fellBack(life, nowMs)) return "ending";
  return nowMs >= renewAtMs ? "due" : "fresh";
}

/**
 * Gives the token as it may be handed out: never with more time left than it had when
 * it was minted, and with little if the clock has fallen back behind that.
 *
 * @param life The token's life.
 * @param nowMs Current time, in milliseconds since the Unix epoch.
 */
export function tokenAt(life: TokenLife, nowMs: number): Token {
  const { token, lifetimeMs } = life;
  const leftMs = fellBack(life, nowMs)
    ? Math.min(CLIENT_MARGIN_MS, lifetimeMs / 3)
    : lifetimeMs;
  return nowMs + leftMs >= token.expiresAtMs
    ? token
    : { value: token.value, expiresAtMs: nowMs + leftMs };
}

function fellBack({ mintedAtMs }: TokenLife, nowMs: number): boolean {
  return nowMs < mintedAtMs - CLOCK_TOLERANCE_MS;
}
