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
import { removeLeftovers } from "./leftovers.ts";
import { listInterfaces } from "./node_interfaces.ts";
import { findOwnRules, type OwnRulesSearch } from "./own_rules.ts";
import { isServed } from "./port_probe.ts";
import type { RedirectTarget } from "./redirect_mark.ts";
import { isSame } from "./redirect_owner.ts";
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

/** How often it is looked whether pods' requests can be taken over. */
const HANDOVER_CHECK_MS = 50;

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
  /** Another daemon that is not to lose pods' requests yet. */
  #elder: RedirectTarget | undefined;
  readonly #redirected = Promise.withResolvers<"redirected">();
  #isRedirected = false;

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
      isServed,
    });
  }

  /** How the rules were found at the last look. */
  get state(): InterceptionState {
    const { state } = this.#interception;
    const trouble = this.#elder !== undefined
      ? `another daemon of this node has pods' requests still, on port ${this.#elder.port}`
      : this.#trouble !== undefined
      ? `The last change is not in force: ${this.#trouble}`
      : undefined;
    return {
      ...state,
      ok: state.ok && this.#isRedirected && trouble === undefined,
      detail: trouble ?? state.detail,
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
   * Finds another daemon of this node that pods' requests are led to and that listens.
   *
   * @param settings What is configured.
   * @param listener Address and port that this process listens on.
   * @returns Where that one listens.
   * @throws {InterceptionError} If an interface cannot be meant, or a tool cannot tell.
   */
  async findElder(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
  ): Promise<RedirectTarget | undefined> {
    const redirect = await this.#resolve(settings, listener);
    const { guard } = settings;
    const found = await this.#interception.findRedirect({ guard, redirect });
    if (found === undefined) return undefined;
    const own = { host: redirect.hostIP, port: listener.port };
    return !isSame(found, own) && await isServed(found) ? found : undefined;
  }

  /**
   * Leads pods' requests to a port of this node, whoever has them now, and keeps the guard.
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
    return await this.#redirect(settings, listener, { takesOver: true });
  }

  async #redirect(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
    how: { readonly takesOver: boolean },
  ): Promise<readonly string[]> {
    const redirect = await this.#resolve(settings, listener);
    const { guard } = settings;
    const written = await this.#interception.apply({ guard, redirect }, how);
    this.#isRedirected = true;
    this.#redirected.resolve("redirected");
    return written;
  }

  /**
   * Takes pods' requests over from another daemon, as soon as this one is ready to
   * answer them or that one does not listen any more. What fails is told and tried
   * again, as with {@linkcode change}.
   *
   * @param settings What is configured.
   * @param listener Address and port that are listened on.
   * @param how The other daemon, whether this one is ready, and what ends the wait.
   */
  async takeOver(
    settings: InterceptionSettings,
    listener: WantedRedirect["listener"],
    { elder, isReady, signal }: {
      readonly elder: RedirectTarget;
      readonly isReady: () => boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { clock, log } = this.#options;
    this.#elder = elder;
    log("info", "Another daemon of this node has pods' requests still", {
      port: elder.port,
    });
    while (!signal.aborted && !isReady() && await isServed(elder)) {
      await clock.sleep(HANDOVER_CHECK_MS, signal);
    }
    this.#elder = undefined;
    if (signal.aborted) return;
    this.#pending ??= { settings, listener };
    await this.#applyPending({ takesOver: true });
  }

  /**
   * Looks once more, before this daemon stops, whether another one has taken over.
   *
   * @returns Whether it has.
   */
  async isSuperseded(): Promise<boolean> {
    await this.#interception.check();
    return this.#interception.state.isSuperseded;
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
    await this.#applyPending({ takesOver: false });
  }

  /** One after the other, each time what was wanted last. */
  #applyPending(how: { readonly takesOver: boolean }): Promise<void> {
    this.#changing = this.#changing.then(async () => {
      const pending = this.#pending;
      if (pending === undefined) return;
      const { settings, listener } = pending;
      try {
        await this.#interception.changeGuard(settings.guard);
        if (this.#elder !== undefined) return;
        await this.#redirect(settings, listener, how);
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
   * as soon as it is known, and once pods' requests are led here removes what other
   * tools still have of an earlier configuration.
   *
   * @param checkIntervalMs Longest time from one check to the next, in milliseconds; asked each time.
   * @param signal Ends it; the rules stay.
   */
  async run(checkIntervalMs: () => number, signal: AbortSignal): Promise<void> {
    const { followCommand } = this.#options;
    await Promise.all([
      removeLeftovers({
        ...this.#options,
        backend: this.#backend,
        redirected: this.#redirected.promise,
        isSuperseded: () => this.state.isSuperseded,
        pauseMs: checkIntervalMs,
        signal,
      }),
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
      if (!signal.aborted) await this.#applyPending({ takesOver: false });
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
