import { secondsLeft } from "../core/token.ts";
import type { GaugeDefinition } from "../telemetry/instruments.ts";
import type { TokenCache } from "./token_cache.ts";

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
