import { iamEndpointOf, type Settings } from "../config/settings.ts";
import type { Clock } from "../core/clock.ts";
import type { Grant } from "../core/grant.ts";
import type { AskUpstream } from "../core/upstream.ts";
import type { CredentialsState } from "../google/credentials_state.ts";
import { createMinter } from "../google/minter.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createRenewalRecorder } from "../tokens/renewal_recorder.ts";
import type { RenewalOutcome } from "../tokens/token_keeper.ts";
import {
  createTokenService,
  type TokenService,
} from "../tokens/token_service.ts";

/** What {@linkcode createTokens} needs besides the configuration. */
export interface TokensOptions {
  /** Takes how calls of IAM end. */
  readonly credentials: CredentialsState;
  /** Asks the real metadata server. */
  readonly askMetadataServer: AskUpstream;
  /** Takes calls, cache hits and renewals. */
  readonly metrics: Metrics;
  /** Time that one request has, in milliseconds. */
  readonly budgetMs: number;
  /** Tokens that pods of this node may have. */
  readonly grants: () => Iterable<Grant>;
  /** Told of each token that was to be minted ahead. */
  readonly onRenewal: (outcome: RenewalOutcome) => void;
  /** Tells what an operator has to do about a refusal by IAM. */
  readonly fixFor: (account: string) => string | undefined;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Takes log lines. */
  readonly log: Log;
}

/**
 * Creates what mints, keeps and renews the tokens.
 *
 * @param current The configuration in force.
 * @param options Collaborators.
 */
export function createTokens(
  current: () => Settings,
  options: TokensOptions,
): TokenService {
  const { google, tokens } = current().config;
  const { credentials, metrics, clock, log, fixFor } = options;
  const minter = createMinter({
    credentials: google.credentials,
    askUpstream: options.askMetadataServer,
    impersonation: () => ({
      endpoint: iamEndpointOf(google),
      lifetimeMs: current().config.google.lifetime,
      delegates: current().config.google.delegates,
    }),
    now: clock.now,
    onOutcome: (kind, outcome, seconds) => {
      credentials.note(outcome);
      metrics.observeMint(kind, outcome, seconds);
    },
  });
  const record = createRenewalRecorder({ log, metrics, fixFor });
  return createTokenService(minter, {
    capacity: tokens.cacheEntries,
    perHolder: tokens.entriesPerPod,
    callsPerSecond: google.callsPerSecond,
    callBurst: google.callBurst,
    refusalMs: tokens.rememberRefusals,
    prefetch: tokens.prefetch,
    deadlineMs: options.budgetMs,
    grants: options.grants,
    clock,
    random: options.random,
    onServed: (outcome) => metrics.countCache(outcome),
    onRenewal: (outcome) => {
      record(outcome);
      options.onRenewal(outcome);
    },
  });
}
