import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { Guard, Listening, WantedRedirect } from "./family_rules.ts";
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
const HANDOVER_CHECK_MS = 200;
const NEIGHBOUR_CHECK_MS = 1_000;

const BACKENDS = { iptables: createIptables, nftables: createNftables };

/** Interception on this very node, whose interfaces it knows. */
export class NodeInterception {
  readonly #options: NodeInterceptionOptions;
  readonly #backend: RuleBackend;
  readonly #interception: Interception;
  /** What is to be in force and is not yet. */
  #pending: {
    readonly settings: InterceptionSettings;
    readonly listener: Listening;
    /** Whether to have the redirect even from a younger daemon. */
    readonly takesOver: boolean;
  } | undefined;
  #trouble: string | undefined;
  #changing: Promise<void> = Promise.resolve();
  /** Another daemon that is not to lose pods' requests yet. */
  #elder: RedirectTarget | undefined;
  readonly #redirected = Promise.withResolvers<"redirected">();
  #isRedirected = false;
  #hasLeft = false;
  /** Where another daemon can listen, and whether one does. */
  #neighbour: RedirectTarget | undefined;
  #hasNeighbour = false;

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
      // Meanwhile the other daemon cares for the rules; two would undo each other's.
      mayRepair: () => this.#elder === undefined,
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
      isSuperseded: state.isSuperseded || this.#hasLeft,
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
   * Finds another daemon of this node that pods' requests are led to, or can be by rules
   * of another tool, and that listens.
   *
   * @param settings What is configured.
   * @param listener Address and port that this process listens on.
   * @returns Where that one listens.
   * @throws {InterceptionError} If an interface cannot be meant, or a tool cannot tell.
   */
  async findElder(
    settings: InterceptionSettings,
    listener: Listening,
  ): Promise<RedirectTarget | undefined> {
    const served = await this.findServed(settings, listener);
    return served !== undefined && served.port !== listener.port
      ? served
      : await this.#findNeighbour(settings, listener);
  }

  /**
   * Finds the daemon of this node that pods' requests are led to.
   *
   * @param settings What is configured.
   * @param listener Address and port that should be listened on.
   * @returns Where it listens; `undefined` if nothing does there.
   * @throws {InterceptionError} If an interface cannot be meant, or a tool cannot tell.
   */
  async findServed(
    settings: InterceptionSettings,
    listener: Listening,
  ): Promise<RedirectTarget | undefined> {
    const redirect = await this.#resolve(settings, listener);
    const { guard } = settings;
    const found = await this.#interception.findRedirect({ guard, redirect });
    return found !== undefined && await isServed(found) ? found : undefined;
  }

  async #findNeighbour(
    { hostIP }: InterceptionSettings,
    { otherPort }: Listening,
  ): Promise<RedirectTarget | undefined> {
    if (hostIP === undefined || otherPort === 0) return undefined;
    const neighbour = { host: hostIP, port: otherPort };
    return await isServed(neighbour) ? neighbour : undefined;
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
    listener: Listening,
  ): Promise<readonly string[]> {
    return await this.#redirect(settings, listener, { takesOver: true });
  }

  async #redirect(
    settings: InterceptionSettings,
    listener: Listening,
    how: { readonly takesOver: boolean },
  ): Promise<readonly string[]> {
    const redirect = await this.#resolve(settings, listener);
    const { guard } = settings;
    const { otherPort } = listener;
    this.#neighbour = otherPort === 0
      ? undefined
      : { host: redirect.hostIP, port: otherPort };
    const written = await this.#interception.apply({ guard, redirect }, how);
    if (!this.#interception.state.isSuperseded) {
      this.#isRedirected = true;
      this.#redirected.resolve("redirected");
    }
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
    listener: Listening,
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
    this.#pending = { settings, listener, ...this.#pending, takesOver: true };
    await this.#applyPending();
  }

  /**
   * Leaves pods' requests to another daemon of this node, if there is one, before this
   * one stops.
   *
   * @param settings What is configured.
   * @param listener Address and port that this process listens on.
   * @returns Whether another daemon has them now.
   */
  async leave(
    settings: InterceptionSettings,
    listener: Listening,
  ): Promise<boolean> {
    const { log } = this.#options;
    try {
      if (await this.#interception.look()) return true;
      const neighbour = this.#isRedirected
        ? await this.#findNeighbour(settings, listener)
        : undefined;
      if (neighbour === undefined) return false;
      await this.#redirect(
        settings,
        { ...listener, port: neighbour.port, otherPort: listener.port },
        { takesOver: true },
      );
      this.#hasLeft = true;
    } catch (error) {
      log("warn", "Pods' requests cannot be left to another daemon", {
        error: describeError(error),
      });
    }
    return this.#hasLeft;
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
    listener: Listening,
  ): Promise<void> {
    const takesOver = this.#pending?.takesOver ?? false;
    this.#pending = { settings, listener, takesOver };
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
        if (this.#elder !== undefined) return;
        await this.#redirect(settings, listener, pending);
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
    listener: Listening,
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
      this.#watchNeighbour(signal),
      removeLeftovers({
        ...this.#options,
        backend: this.#backend,
        redirected: this.#redirected.promise,
        isSuperseded: () => this.state.isSuperseded,
        hasNeighbour: () => this.#hasNeighbour,
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

  /** While another daemon listens, each second matters, and not all changes are told. */
  async #watchNeighbour(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(NEIGHBOUR_CHECK_MS, signal);
      if (signal.aborted || this.#neighbour === undefined) continue;
      const wasThere = this.#hasNeighbour;
      this.#hasNeighbour = await isServed(this.#neighbour);
      if (this.#hasNeighbour || wasThere) {
        this.#interception.noteChange("another daemon of this node");
      }
    }
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

  async #resolve(
    settings: InterceptionSettings,
    listener: Listening,
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
