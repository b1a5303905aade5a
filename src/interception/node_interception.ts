import { describeError } from "../telemetry/log.ts";
import type { Guard } from "./family_rules.ts";
import {
  Interception,
  type InterceptionOptions,
  type InterceptionState,
} from "./interception.ts";
import {
  type InterfaceMatch,
  matchInterfaces,
  type OwnInterface,
} from "./interface_match.ts";

/** What {@linkcode NodeInterception} needs. */
export interface NodeInterceptionOptions extends InterceptionOptions {
  /** Lists this node's interfaces with their addresses. */
  readonly ownInterfaces: () => readonly OwnInterface[];
}

/** What the operator configured; may change at run time. */
export interface InterceptionSettings {
  /** Address of this node that pods' requests are led to, in canonical form. */
  readonly hostIP: string;
  /** Interfaces where they come in; empty for all but the one with the host IP. */
  readonly interfaces: readonly string[];
  /** What of the real metadata server is closed to pods. */
  readonly guard: Guard;
}

/** Matches no traffic of pods; the guard alone does not look at interfaces. */
const NO_MATCH: InterfaceMatch = { kind: "only", names: ["lo"] };

/** Interception on this very node, whose interfaces it knows. */
export class NodeInterception {
  readonly #options: NodeInterceptionOptions;
  readonly #interception: Interception;

  /**
   * Creates the keeper; no rule is touched yet.
   *
   * @param options Backend, addresses and collaborators.
   */
  constructor(options: NodeInterceptionOptions) {
    this.#options = options;
    this.#interception = new Interception(options);
  }

  /** How the rules were found at the last look. */
  get state(): InterceptionState {
    return this.#interception.state;
  }

  /**
   * Closes the real metadata server to pods, before anything listens.
   *
   * @param settings What is configured; the interfaces do not matter yet, and need not exist.
   * @throws {InterceptionError} If the guard is not in place now.
   */
  async guard({ hostIP, guard }: InterceptionSettings): Promise<void> {
    await this.#interception.apply({
      hostIP,
      guard,
      match: NO_MATCH,
      port: undefined,
    });
  }

  /**
   * Leads pods' requests to a port of this node, and keeps the guard.
   *
   * @param settings What is configured.
   * @param port Port that listens.
   * @throws {InterceptionError} If an interface cannot be meant, or not all is in place now.
   */
  async redirect(settings: InterceptionSettings, port: number): Promise<void> {
    const { hostIP, interfaces, guard } = settings;
    const { log, ownInterfaces } = this.#options;
    const { match, warnings } = matchInterfaces(
      interfaces,
      ownInterfaces(),
      hostIP,
    );
    for (const warning of warnings) log("warn", warning);
    await this.#interception.apply({ hostIP, guard, match, port });
  }

  /**
   * As {@linkcode redirect}, for a change at run time: a failure is logged, and
   * what was wanted before goes on to be kept.
   *
   * @param settings What is configured from now on.
   * @param port Port that listens.
   */
  async change(settings: InterceptionSettings, port: number): Promise<void> {
    try {
      await this.redirect(settings, port);
    } catch (error) {
      this.#options.log("error", "The interception cannot be changed", {
        error: describeError(error),
      });
    }
  }

  /**
   * Checks the rules again and again and restores what is missing or changed.
   *
   * @param checkIntervalMs Time from one check to the next, in milliseconds; asked each time.
   * @param signal Ends it; the rules stay.
   */
  async run(checkIntervalMs: () => number, signal: AbortSignal): Promise<void> {
    await this.#interception.run(checkIntervalMs, signal);
  }
}
