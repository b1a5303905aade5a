import type { Config } from "../../config/config.ts";
import { deriveSettings, policyOf } from "../../config/settings.ts";
import type { Pod } from "../../core/pod.ts";
import type { Policy } from "../../core/policy.ts";
import { UpstreamClient } from "../../metadata/upstream_client.ts";
import { createNodeMint } from "../node_mint.ts";
import { type Attempts, listWantedAccounts, tryAccounts } from "./accounts.ts";
import type { ClockReading } from "./clock_skew.ts";
import { type NodeFacts, readNodeFacts } from "./metadata_server.ts";
import { type Outcome, probe, type ProbeOptions } from "./probe.ts";

/** What is being asked of Google. */
export interface GoogleProbes {
  /** What the metadata server says of the node. */
  readonly node: Promise<Outcome<NodeFacts>>;
  /** Its clock. */
  readonly clock: Promise<Outcome<ClockReading>>;
  /** Policy in force, with the node's account in it if that is known. */
  readonly policy: Promise<Policy>;
  /** Calls of IAM, for the accounts that can be told. */
  readonly attempts: Promise<Attempts>;
}

/** What {@linkcode probeGoogle} needs. */
export interface GoogleProbeOptions extends ProbeOptions {
  /** Pods of the node. */
  readonly pods: Promise<Outcome<readonly Pod[]>>;
  /** What needs closing at the end. */
  readonly stack: DisposableStack;
}

/**
 * Starts to ask the metadata server, and then IAM.
 *
 * @param config Effective configuration.
 * @param options Pods, time and limit of each question.
 */
export function probeGoogle(
  config: Config,
  options: GoogleProbeOptions,
): GoogleProbes {
  const { pods, clock, limitMs, stack } = options;
  const sentMs = clock.now();
  let reading: ClockReading | undefined;
  const upstream = stack.use(
    new UpstreamClient({
      address: config.metadata.address,
      timeoutMs: limitMs,
      clock,
      onDate: (date) => reading ??= { date, sentMs, receivedMs: clock.now() },
    }),
  );
  const settings = deriveSettings(config);
  const node = probe((signal) => readNodeFacts(upstream.ask, signal), options);
  const account = node.then((facts) =>
    facts.kind === "got" ? facts.value.account : undefined
  );
  const policy = account.then((known) => policyOf(settings, known));
  return {
    node,
    clock: node.then(() =>
      reading === undefined ? UNREACHED : { kind: "got", value: reading }
    ),
    policy,
    attempts: Promise.all([pods, policy, account]).then(
      ([listed, policy, account]) =>
        tryAccounts(
          listWantedAccounts(listed.kind === "got" ? listed.value : [], policy),
          {
            ...options,
            mint: createNodeMint(config.google, {
              ask: upstream.ask,
              now: clock.now,
            }),
            spare: account === undefined
              ? undefined
              : { account, scopes: policy.defaultScopes },
          },
        ),
    ),
  };
}

const UNREACHED = {
  kind: "skipped",
  reason: "the metadata server is not reached",
} as const;
