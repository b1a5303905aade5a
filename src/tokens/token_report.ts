import type { TokenView } from "../core/debug_views.ts";
import { secondsLeft } from "../core/token.ts";
import { phaseOf } from "../core/token_life.ts";
import type { GaugeDefinition } from "../telemetry/instruments.ts";
import type { TokenCache } from "./token_cache.ts";

/**
 * Describes the tokens in memory, without the tokens.
 *
 * @param cache The tokens.
 * @param now Current time, in milliseconds since the Unix epoch.
 * @returns One entry a token, the one that came first in front.
 */
export function describeTokens(
  cache: TokenCache,
  now: () => number,
): readonly TokenView[] {
  return Array.from(cache.entries(), ({ request, life, holders }) => ({
    kind: request.kind,
    account: request.account,
    detail: request.kind === "access-token"
      ? request.scopes.join(" ")
      : request.audience,
    expiresAtMs: life.token.expiresAtMs,
    lifetimeSeconds: Math.round(life.lifetimeMs / 1000),
    phase: phaseOf(life, now()),
    holders: holders.size,
  }));
}

/**
 * Makes the metrics of the tokens in memory.
 *
 * @param cache The tokens.
 * @param now Current time, in milliseconds since the Unix epoch.
 */
export function tokenGauges(
  cache: TokenCache,
  now: () => number,
): readonly GaugeDefinition[] {
  return [
    {
      name: "saassigner_tokens",
      help: "Tokens in memory",
      read: () => cache.size,
    },
    {
      name: "saassigner_token_seconds_left_min",
      help: "Time that the shortest-lived token in memory has left",
      read: (): number | undefined => {
        let least: number | undefined;
        for (const { life } of cache.entries()) {
          const left = secondsLeft(life.token, now());
          if (least === undefined || left < least) least = left;
        }
        return least;
      },
    },
  ];
}
