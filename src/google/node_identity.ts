import type { Clock } from "../core/clock.ts";
import { isAccountEmail } from "../core/account.ts";
import { V1 } from "../core/route.ts";
import type { AskUpstream } from "../core/upstream.ts";
import { describeError, type Log } from "../telemetry/log.ts";

const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 15_000;

/** What {@linkcode NodeIdentity} needs. */
export interface NodeIdentityOptions {
  /** Asks the metadata server. */
  readonly askUpstream: AskUpstream;
  /** Time, for the pauses between tries. */
  readonly clock: Clock;
  /** Takes a line when a value is learned or not to be had. */
  readonly log: Log;
}

/**
 * What the metadata server says of the node itself: project and account.
 *
 * Learned in the background, retried until the server answers; a server that
 * answers without the value is asked again too, at the longest interval.
 */
export class NodeIdentity {
  readonly #options: NodeIdentityOptions;
  #account: string | undefined;
  #projectId: string | undefined;

  /**
   * Creates an identity of which nothing is known yet.
   *
   * @param options Collaborators.
   */
  constructor(options: NodeIdentityOptions) {
    this.#options = options;
  }

  /** E-mail of the node's own account, once known. */
  get account(): string | undefined {
    return this.#account;
  }

  /** Project of the node, once known. */
  get projectId(): string | undefined {
    return this.#projectId;
  }

  /**
   * Learns all values, and returns once they are known.
   *
   * @param signal Ends the learning.
   */
  async learn(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#learnOne("project/project-id", signal).then((text) =>
        this.#projectId = text
      ),
      this.#learnOne(ACCOUNT_PATH, signal)
        .then((text) => this.#account = text),
    ]);
  }

  /** Asks for one value until the server has it. */
  async #learnOne(
    path: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { askUpstream, clock, log } = this.#options;
    let pauseMs = RETRY_MIN_MS;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const outcome = await askOnce(askUpstream, path, signal);
      if ("value" in outcome) {
        log("info", "Learned from the metadata server", {
          path,
          value: outcome.value,
        });
        return outcome.value;
      }
      if (isFirst && !signal.aborted) {
        log("warn", "The metadata server does not tell a value", {
          path,
          error: outcome.error,
        });
      }
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
    }
    return undefined;
  }
}

/** What the metadata server said of a value, or why it is not known. */
export type Learned = { readonly value: string } | { readonly error: string };

/** Path of the e-mail of the node's own account. */
const ACCOUNT_PATH = "instance/service-accounts/default/email";

/**
 * Asks once for the e-mail of the node's own account; never throws.
 *
 * @param askUpstream Asks the metadata server.
 * @param signal Ends the wait.
 */
export function askNodeAccount(
  askUpstream: AskUpstream,
  signal: AbortSignal,
): Promise<Learned> {
  return askOnce(askUpstream, ACCOUNT_PATH, signal);
}

async function askOnce(
  askUpstream: AskUpstream,
  path: string,
  signal: AbortSignal,
): Promise<Learned> {
  try {
    const answer = await askUpstream({ path: V1 + path }, signal);
    const value = answer.body.trim();
    if (answer.status !== 200) return { error: `status ${answer.status}` };
    if (value === "") return { error: "empty" };
    if (path === ACCOUNT_PATH && !isAccountEmail(value)) {
      return { error: "not an e-mail" };
    }
    return { value };
  } catch (error) {
    return { error: describeError(error) };
  }
}
