import { type Mint, MintError, type MintRequest } from "../core/mint.ts";
import type { AskUpstream } from "../core/upstream.ts";
import {
  createImpersonation,
  type ImpersonationOptions,
} from "./impersonation.ts";
import { createNodeTokenSource } from "./node_token.ts";
import { createSourceClient } from "./source_client.ts";

/** What {@linkcode createMinter} needs. */
export interface MinterOptions {
  /** Where the node's own credentials come from. */
  readonly credentials: "metadata" | "adc";
  /** Asks the node's metadata server. */
  readonly askUpstream: AskUpstream;
  /** Where and how to impersonate; asked for each time, so that it can change. */
  readonly impersonation: () => ImpersonationOptions;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Told how each call ended, `ok` or what went wrong, and how many seconds it took. */
  readonly onOutcome: (
    kind: MintRequest["kind"],
    outcome: string,
    seconds: number,
  ) => void;
}

/**
 * Creates the minter that asks IAM with the node's own credentials.
 *
 * @param options Credentials, and how to impersonate.
 * @returns A minter that makes a call for each request; nothing is kept.
 */
export function createMinter(options: MinterOptions): Mint {
  const { credentials, askUpstream, impersonation, now, onOutcome } = options;
  const source = createSourceClient(
    credentials === "adc" ? { kind: "adc" } : {
      kind: "metadata",
      fetchToken: createNodeTokenSource(askUpstream, now),
    },
  );
  const impersonate = createImpersonation(source, impersonation, now);
  return async (request, signal) => {
    const startedMs = now();
    const seconds = (): number => Math.max(0, now() - startedMs) / 1000;
    try {
      const token = await impersonate(request, signal);
      onOutcome(request.kind, "ok", seconds());
      return token;
    } catch (error) {
      onOutcome(
        request.kind,
        error instanceof MintError ? error.failure : "internal-error",
        seconds(),
      );
      throw error;
    }
  };
}
