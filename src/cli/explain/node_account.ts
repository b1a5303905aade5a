import type { Config } from "../../config/config.ts";
import { isAccountEmail } from "../../core/account.ts";
import type { WishOptions } from "../../core/explained_wish.ts";
import type { PlacedPod } from "../../core/subject.ts";
import { askNodeAccount } from "../../google/node_identity.ts";
import { UpstreamClient } from "../../metadata/upstream_client.ts";
import { UsageError } from "../command.ts";
import { systemClock } from "../system_clock.ts";

/** The node's own account, as far as it is known. */
export interface NodeAccount {
  /** Its e-mail. */
  readonly email: string | undefined;
  /** Where it is from, or why it is not known; one sentence each without final period. */
  readonly notes: readonly string[];
}

/** Long for a metadata server that is there, short for a machine without one. */
const TIMEOUT_MS = 1_000;

/**
 * Checks the e-mail of the node's own account as it was typed.
 *
 * @param given What was typed, if anything.
 * @returns The same.
 * @throws {UsageError} If it is no e-mail.
 */
export function checkNodeAccount(
  given: string | undefined,
): string | undefined {
  if (given === undefined || isAccountEmail(given)) return given;
  throw new UsageError(
    `--node-account ${
      JSON.stringify(given)
    } is not accepted; expected the e-mail of a Google service account`,
  );
}

/**
 * Asks the metadata server for the node's own account, if it counts for a pod.
 *
 * @param config Effective configuration.
 * @param about The pod, and what is assumed of its annotations.
 */
export async function findNodeAccount(
  config: Config,
  about: {
    readonly placed: PlacedPod | undefined;
    readonly assumed: WishOptions["assumed"];
  },
): Promise<NodeAccount> {
  const { placed } = about;
  if (placed === undefined || !counts(config, placed, about.assumed)) {
    return { email: undefined, notes: [] };
  }
  const { address } = config.metadata;
  using client = new UpstreamClient({
    address,
    timeoutMs: TIMEOUT_MS,
    clock: systemClock,
  });
  const learned = await askNodeAccount(
    client.ask,
    new AbortController().signal,
  );
  if ("error" in learned) {
    return {
      email: undefined,
      notes: [
        `The default account is the node's own, and the metadata server ${address} does not tell it here (${learned.error}): give it with --node-account`,
      ],
    };
  }
  const isHere = placed.node !== "" && placed.node === config.kubernetes.node;
  return {
    email: learned.value,
    notes: isHere ? [] : [
      `The metadata server ${address} of this machine has the account ${learned.value}; if the pod's node has another, give it with --node-account`,
    ],
  };
}

/** The default account is a pod's without annotation, and exempt from restrictions. */
function counts(
  { defaults, restrictions }: Config,
  { pod }: PlacedPod,
  assumed: WishOptions["assumed"],
): boolean {
  const annotation = assumed.account ?? pod.accountAnnotation;
  return defaults.serviceAccount === "default" &&
    (annotation === undefined || restrictions.mode !== "off");
}
