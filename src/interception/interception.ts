import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { FamilyRules, Guard } from "./family_rules.ts";
import type { InterfaceMatch } from "./interface_match.ts";
import { InterceptionError } from "./interception_error.ts";
import { createIptables } from "./iptables.ts";
import { createNftables } from "./nftables.ts";
import type { Plan, RuleGroup } from "./rule_group.ts";
import type { RunCommand } from "./run_command.ts";

/** What {@linkcode Interception} needs. */
export interface InterceptionOptions {
  /** Tool that sets the rules. */
  readonly backend: "iptables" | "nftables";
  /** Metadata server's IPv4 address, in canonical form. */
  readonly address: string;
  /** Metadata server's IPv6 address, in canonical form. */
  readonly ipv6Address: string;
  /** Runs the tools. */
  readonly runCommand: RunCommand;
  /** Time between checks. */
  readonly clock: Clock;
  /** Takes what was found and repaired. */
  readonly log: Log;
}

/** The interception that is wanted; may change at run time. */
export interface WantedInterception {
  /**
   * Address of this node that pods' requests are led to, in canonical form. In
   * the other address family there is the guard alone.
   */
  readonly hostIP: string;
  /** Interfaces where the requests come in; the guard holds for all. */
  readonly match: InterfaceMatch;
  /** What of the real metadata server is closed to pods. */
  readonly guard: Guard;
  /**
   * Port at the host IP; `undefined` for the guard alone, while nothing listens
   * yet. A redirect that an earlier process has left stays then as it is.
   */
  readonly port: number | undefined;
}

/** How the interception is, for readiness and metrics. */
export interface InterceptionState {
  /** Whether all that is wanted was in place at the last look. */
  readonly ok: boolean;
  /** What is in place, or what is wrong. */
  readonly detail: string;
  /** Number of checks that found rules missing or changed, and restored them. */
  readonly repairs: number;
}

/** Times that one group is written before a check gives up until the next. */
const MAX_WRITES = 2;

/**
 * Keeps the rules in the kernel that bring pods' requests here and keep them
 * from the real metadata server.
 *
 * Nothing here ever removes them: without them pods would get the node's own
 * credentials.
 */
export class Interception {
  readonly #options: InterceptionOptions;
  readonly #createGroups: (
    families: readonly FamilyRules[],
  ) => readonly RuleGroup[];
  #wanted: WantedInterception | undefined;
  #state: InterceptionState = {
    ok: false,
    detail: "No rules have been applied yet",
    repairs: 0,
  };
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Creates the keeper; no rule is touched yet.
   *
   * @param options Backend, addresses and collaborators.
   */
  constructor(options: InterceptionOptions) {
    this.#options = options;
    this.#createGroups = options.backend === "iptables"
      ? createIptables(options.runCommand)
      : createNftables(options.runCommand);
  }

  /** How the rules were found at the last look. */
  get state(): InterceptionState {
    return this.#state;
  }

  /**
   * Brings the rules to what is wanted, and reads them back.
   *
   * Writes only what differs. What is wanted stays so if it fails: each check
   * tries again.
   *
   * @param wanted What is wanted from now on.
   * @throws {InterceptionError} If it is not all in place now.
   */
  apply(wanted: WantedInterception): Promise<void> {
    return this.#inTurn(async () => {
      this.#wanted = wanted;
      const { drift, failures } = await this.#enforce(wanted);
      if (failures[0] !== undefined) throw failures[0];
      this.#options.log("info", "Interception rules are in place", {
        backend: this.#options.backend,
        detail: this.#state.detail,
        written: drift.join("; ") || undefined,
      });
    });
  }

  /**
   * Checks the rules again and again and restores what is missing or changed;
   * failures are logged and shown in {@linkcode Interception.state}.
   *
   * @param checkIntervalMs Time from one check to the next, in milliseconds; asked each time.
   * @param signal Ends it; the rules stay.
   */
  async run(checkIntervalMs: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(checkIntervalMs(), signal);
      if (!signal.aborted) await this.#inTurn(() => this.#check());
    }
  }

  async #check(): Promise<void> {
    if (this.#wanted === undefined) return;
    const { log, backend } = this.#options;
    const before = this.#state;
    const { drift, failures } = await this.#enforce(this.#wanted);
    if (drift.length > 0) {
      this.#state = { ...this.#state, repairs: before.repairs + 1 };
      log("warn", "Interception rules were missing or changed; restored", {
        backend,
        missing: drift.join("; "),
      });
    }
    if (failures.length > 0 && before.detail !== this.#state.detail) {
      log("error", "Interception rules cannot be checked or restored", {
        backend,
        error: failures.map(describeError).join("; "),
      });
    }
    if (failures.length === 0 && !before.ok) {
      log("info", "Interception rules are in place again", { backend });
    }
  }

  /** Brings each group to what is wanted, also when another group fails. */
  async #enforce(wanted: WantedInterception): Promise<{
    readonly drift: readonly string[];
    readonly failures: readonly unknown[];
  }> {
    const drift: string[] = [];
    const failures: unknown[] = [];
    for (const group of this.#createGroups(this.#listFamilies(wanted))) {
      try {
        drift.push(...await restore(group));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#state = {
      ok: failures.length === 0,
      detail: failures.length === 0
        ? describeWanted(wanted)
        : failures.map(messageOf).join("; "),
      repairs: this.#state.repairs,
    };
    return { drift, failures };
  }

  #listFamilies(wanted: WantedInterception): readonly FamilyRules[] {
    const { hostIP: host, match, guard, port } = wanted;
    const redirect = port === undefined ? undefined : { match, host, port };
    const isIPv6 = host.includes(":");
    const { address, ipv6Address } = this.#options;
    return [
      {
        family: "IPv4",
        address,
        guard,
        redirect: isIPv6 ? undefined : redirect,
      },
      {
        family: "IPv6",
        address: ipv6Address,
        guard,
        redirect: isIPv6 ? redirect : undefined,
      },
    ];
  }

  /** Runs one piece of work after the other: two that write would undo each other's plan. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

/**
 * Writes a group until it reads back as wanted, a bounded number of times: a
 * tool that misreads what it wrote would otherwise add rules without end.
 */
async function restore(group: RuleGroup): Promise<readonly string[]> {
  const found = await group.inspect();
  let plan: Plan = found;
  for (let writes = 1; plan.drift.length > 0; writes++) {
    try {
      await group.write(plan.document);
    } catch (error) {
      // Another program may have changed the rules since they were read.
      if (writes >= MAX_WRITES) throw error;
    }
    plan = await group.inspect();
    if (plan.drift.length > 0 && writes >= MAX_WRITES) {
      throw new InterceptionError(
        `The rules were written, but read back otherwise: ${
          plan.drift.join("; ")
        }`,
      );
    }
  }
  return found.drift;
}

function describeWanted({ guard, port }: WantedInterception): string {
  const guarded = guard === "off" ? "no guard" : `guard ${guard}`;
  return port === undefined
    ? `${guarded}, redirect not wanted yet`
    : `${guarded}, redirect to port ${port}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
