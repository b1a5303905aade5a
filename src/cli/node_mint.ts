import type { Config } from "../config/config.ts";
import { iamEndpointOf } from "../config/settings.ts";
import type { Mint } from "../core/mint.ts";
import type { AskUpstream } from "../core/upstream.ts";
import { createMinter } from "../google/minter.ts";

/**
 * Creates what asks IAM as the daemon does, with the node's credentials, for commands:
 * nothing is kept, counted or tried again.
 *
 * @param google How the configuration wants Google to be called.
 * @param options Asks the metadata server; current time in milliseconds since the Unix epoch.
 */
export function createNodeMint(
  google: Config["google"],
  { ask, now }: { readonly ask: AskUpstream; readonly now: () => number },
): Mint {
  return createMinter({
    credentials: google.credentials,
    askUpstream: ask,
    impersonation: () => ({
      endpoint: iamEndpointOf(google),
      lifetimeMs: google.lifetime,
      delegates: google.delegates,
    }),
    now,
    onOutcome: () => {},
  });
}
