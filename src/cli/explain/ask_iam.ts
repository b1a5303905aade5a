import type { Config } from "../../config/config.ts";
import type { Clock } from "../../core/clock.ts";
import type { ExplainedIam } from "../../core/explained_iam.ts";
import { MintError } from "../../core/mint.ts";
import type { Decision } from "../../core/policy.ts";
import { askNodeAccount } from "../../google/node_identity.ts";
import { UpstreamClient } from "../../metadata/upstream_client.ts";
import { describeError } from "../../telemetry/log.ts";
import { probe } from "../doctor/probe.ts";
import { createNodeMint } from "../node_mint.ts";

/** Most that the metadata server may take to tell that it is there, and IAM after it. */
const NODE_LIMIT_MS = 1_000;
const IAM_LIMIT_MS = 4_000;

const ELSEWHERE =
  "IAM can only be asked from the node: run explain in the daemon's pod, or saassigner doctor";

/**
 * Asks IAM for a token of the account that a pod is allowed, as the daemon would. The token
 * is not kept. Takes five seconds at most, and never rejects.
 *
 * @param wanted Account and scopes.
 * @param config Effective configuration; without a node in it, this is no node.
 * @param clock Time.
 */
export async function askIam(
  wanted: Extract<Decision, { readonly outcome: "allow" }>,
  { kubernetes, metadata, google }: Config,
  clock: Clock,
): Promise<ExplainedIam> {
  if (kubernetes.node === "") {
    return { outcome: "not-asked", message: ELSEWHERE };
  }
  using upstream = new UpstreamClient({
    address: metadata.address,
    timeoutMs: IAM_LIMIT_MS,
    clock,
  });
  let caller: string | undefined;
  if (google.credentials === "metadata") {
    const told = await probe(
      (signal) => askNodeAccount(upstream.ask, signal),
      { clock, limitMs: NODE_LIMIT_MS },
    );
    if (told.kind !== "got" || "error" in told.value) {
      return { outcome: "not-asked", message: ELSEWHERE };
    }
    caller = told.value.value;
  }
  const mint = createNodeMint(google, { ask: upstream.ask, now: clock.now });
  const { account, scopes } = wanted;
  const asked = await probe(
    (signal) => mint({ kind: "access-token", account, scopes }, signal),
    { clock, limitMs: IAM_LIMIT_MS },
  );
  if (asked.kind === "got") return { outcome: "allowed", caller };
  return describeFailure(
    asked.kind === "failed" ? asked.error : undefined,
    caller,
  );
}

function describeFailure(
  error: unknown,
  caller: string | undefined,
): ExplainedIam {
  if (!(error instanceof MintError)) {
    const reason = "iam-unavailable";
    return {
      outcome: "refused",
      caller,
      reason,
      message: describeError(error),
    };
  }
  const { reason, message } = error;
  return reason === undefined
    ? { outcome: "rejected", message }
    : { outcome: "refused", caller, reason, message };
}
