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
      this.#learnOne("instance/service-accounts/default/email", signal)
        .then((text) => this.#account = text),
    ]);
  }

  /** Asks for one value until the server has it. */
  async #learnOne(
    path: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { clock, log } = this.#options;
    let pauseMs = RETRY_MIN_MS;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const outcome = await this.#ask(path, signal);
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

  async #ask(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly value: string } | { readonly error: string }> {
    try {
      const answer = await this.#options.askUpstream(
        { path: V1 + path },
        signal,
      );
      const value = answer.body.trim();
      if (answer.status !== 200) return { error: `status ${answer.status}` };
      if (value === "") return { error: "empty" };
      if (path.endsWith("/email") && !isAccountEmail(value)) {
        return { error: "not an e-mail" };
      }
      return { value };
    } catch (error) {
      return { error: describeError(error) };
    }
  }
}
