import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { Guard, WantedRedirect } from "./family_rules.ts";
import type { FollowCommand } from "./follow_command.ts";
import {
  type GroupReport,
  Interception,
  type InterceptionState,
} from "./interception.ts";
import { InterceptionError } from "./interception_error.ts";
import { matchInterfaces } from "./interface_match.ts";
import { createIptables } from "./iptables.ts";
import { createNftables } from "./nftables.ts";
import { listInterfaces } from "./node_interfaces.ts";
import { findOwnRules, type OwnRulesSearch } from "./own_rules.ts";
import type { Places, RuleBackend } from "./rule_group.ts";
import { watchRules } from "./rule_watch.ts";
import type { RunCommand } from "./run_command.ts";

/** What {@linkcode NodeInterception} needs. */
export interface NodeInterceptionOptions {
  /** Tool that sets the rules. */
  readonly backend: RuleBackend["name"];
  /** Metadata server's IPv4 address, in canonical form. */
  readonly address: string;
  /** Metadata server's IPv6 address, in canonical form. */
  readonly ipv6Address: string;
  /** Runs the tools. */
  readonly runCommand: RunCommand;
  /** Runs what tells of changed rules; undefined to rely on checks alone. */
  readonly followCommand: FollowCommand | undefined;
  /** Lists every address of this node with the name of its interface. */
  readonly ownAddresses: () => readonly {
    readonly name: string;
    readonly address: string;
  }[];
  /** Time between checks. */
  readonly clock: Clock;
  /** Takes what was found and repaired. */
  readonly log: Log;
}

/** What the operator configured; may change at run time. */
export interface InterceptionSettings {
  /** Address of this node that pods' requests are led to, in canonical form. */
  readonly hostIP: string | undefined;
  /** Interfaces where they come in; empty for all but the one with the host IP. */
  readonly interfaces: readonly string[];
  /** What of the real metadata server is closed to pods. */
  readonly guard: Guard;
  /** Connections to the listener that one pod may have; 0 for any number. */
  readonly connectionsPerPod: number;
  /** Whether connections to the listener are refused that were not redirected there. */
  readonly refuseDirect: boolean;
}

/** Rules of ours on this node, and whether they are as they should be. */
export interface RulesReport {
  /** Where the rules should be. */
  readonly wanted: Places;
  /** What differs, by group. */
  readonly groups: readonly GroupReport[];
  /** What is there, by place, and what could not be told. */
  readonly search: OwnRulesSearch;
}

const BACKENDS = { iptables: createIptables, nftables: createNftables };

/** Interception on this very node, whose interfaces it knows. */
export class NodeInterception {
  readonly #options: NodeInterceptionOptions;
  readonly #backend: RuleBackend;
  readonly #interception: Interception;
  /** What is to be in force and is not yet. */
  #pending: {
    readonly settings: InterceptionSettings;
    readonly listener: WantedRedirect["listener"];
  } | undefined;
  #trouble: string | undefined;
  #changing: Promise<void> = Promise.resolve();

  /**
   * Creates the keeper; no rule is touched yet.
   *
   * @param options Backend, addresses and collaborators.
   */
  constructor(options: NodeInterceptionOptions) {
    this.#options = options;
    this.#backend = BACKENDS[options.backend](options.runCommand);
    this.#interception = new Interception({
      ...options,
      backend: this.#backend,
    });
  }

  /** How the rules were found at the last look. */
  get state(): InterceptionState {
    const { state } = this.#interception;
    return this.#trouble === undefined ? state : {
      ...state,
      ok: false,
      detail: `The last change is not in force: ${this.#trouble}`,
    };
  }

  /**
   * Closes the real metadata server to pods, before anything listens.
   *
   * @param settings What is configured; the interfaces do not matter yet, and need not exist.
   * @returns What was written.
   * @throws {InterceptionError} If the guard is not in place now.
   */
  async guard({ guard }: InterceptionSettings): Promise<readonly string[]> {
    return await this.#interception.apply({ guard, redirect: undefined });
  }

  /**
   * Leads pods' requests to a port of this node, and keeps the guard.
   *
   * @param settings What is configured.
   * @param listener Address and port that are listened on.
   * @returns What was written.
   * @throws {InterceptionError} If an interface cannot be meant, or not all is in place now.
   */
  async redirect(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
  ): Promise<readonly string[]> {
    const redirect = await this.#resolve(settings, listener);
    return await this.#interception.apply({ guard: settings.guard, redirect });
  }

  /**
   * As {@linkcode redirect}, for a change at run time. What cannot be had yet is told,
   * in {@linkcode state} too, and tried again with each check; the guard changes at once.
   *
   * @param settings What is configured from now on.
   * @param listener Address and port that are listened on.
   */
  async change(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
  ): Promise<void> {
    this.#pending = { settings, listener };
    await this.#applyPending();
  }

  /** One after the other, each time what was wanted last. */
  #applyPending(): Promise<void> {
    this.#changing = this.#changing.then(async () => {
      const pending = this.#pending;
      if (pending === undefined) return;
      const { settings, listener } = pending;
      try {
        await this.#interception.changeGuard(settings.guard);
        await this.redirect(settings, listener);
        if (this.#pending === pending) this.#pending = undefined;
        this.#trouble = undefined;
      } catch (error) {
        const trouble = describeError(error);
        if (trouble !== this.#trouble) {
          this.#options.log("error", "The interception cannot be changed yet", {
            error: trouble,
          });
        }
        this.#trouble = trouble;
      }
    });
    return this.#changing;
  }

  /**
   * Tells what is there and what differs; changes nothing.
   *
   * @param settings What is configured.
   * @param listener Address and port that should be listened on.
   * @throws {InterceptionError} If an interface cannot be meant, or a tool cannot tell.
   */
  async report(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
  ): Promise<RulesReport> {
    const redirect = await this.#resolve(settings, listener);
    return {
      wanted: await this.#backend.findPlaces(),
      groups: await this.#interception.inspect({
        guard: settings.guard,
        redirect,
      }),
      search: await findOwnRules(this.#options.runCommand),
    };
  }

  /**
   * Keeps the rules until the signal fires: restores what is missing or changed,
   * as soon as it is known, and first removes what other tools still have of an
   * earlier configuration.
   *
   * @param checkIntervalMs Longest time from one check to the next, in milliseconds; asked each time.
   * @param signal Ends it; the rules stay.
   */
  async run(checkIntervalMs: () => number, signal: AbortSignal): Promise<void> {
    const { followCommand } = this.#options;
    await Promise.all([
      this.#removeLeftovers(),
      this.#interception.run(checkIntervalMs, signal),
      this.#retry(checkIntervalMs, signal),
      followCommand && watchRules({
        ...this.#options,
        followCommand,
        onChange: (changedBy) => this.#interception.noteChange(changedBy),
        signal,
      }),
    ]);
  }

  async #retry(
    checkIntervalMs: () => number,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(checkIntervalMs(), signal);
      if (!signal.aborted) await this.#applyPending();
    }
  }

  async #removeLeftovers(): Promise<void> {
    const { runCommand, log } = this.#options;
    try {
      const { places, isCertain } = await this.#backend.findPlaces();
      if (!isCertain) return;
      const { found, failures } = await findOwnRules(runCommand);
      for (const { place, remove } of found) {
        if (places.includes(place)) continue;
        await remove();
        log("info", "Removed rules of an earlier configuration", { place });
      }
      if (failures[0] !== undefined) throw failures[0];
    } catch (error) {
      log("warn", "Rules of an earlier configuration cannot be removed", {
        error: describeError(error),
      });
    }
  }

  async #resolve(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
  ): Promise<WantedRedirect> {
    const { log, ownAddresses, runCommand } = this.#options;
    const { hostIP, interfaces, connectionsPerPod, refuseDirect } = settings;
    if (hostIP === undefined) {
      throw new InterceptionError("The address of this node is not set");
    }
    const { match, warnings } = matchInterfaces(
      interfaces,
      await listInterfaces(ownAddresses(), runCommand),
      hostIP,
    );
    for (const warning of warnings) log("warn", warning);
    return { hostIP, match, listener, connectionsPerPod, refuseDirect };
  }
}
