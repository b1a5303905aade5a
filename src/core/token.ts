/** A credential and the instant it stops working. */
export interface Token {
  /** The bearer value or the JWT. Never logged, never in a span. */
  readonly value: string;
  /** Expiry as the issuer stated it, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * Tells how long a token may still be used.
 *
 * @param token Token to measure.
 * @param nowMs Current time, in milliseconds since the Unix epoch.
 * @returns Whole seconds left, rounded down; 0 once expired, never negative.
 */
export function secondsLeft(token: Token, nowMs: number): number {
  return Math.max(0, Math.floor((token.expiresAtMs - nowMs) / 1000));
}
