import type { Clock } from "../core/clock.ts";
import { TokenBucket } from "../core/token_bucket.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import { tracedApart } from "../telemetry/otel.ts";
import {
  type Guard,
  listFamilyRules,
  type WantedInterception,
} from "./family_rules.ts";
import { InterceptionError } from "./interception_error.ts";
import type { FoundRedirect, RedirectTarget } from "./redirect_mark.ts";
import { RedirectOwner } from "./redirect_owner.ts";
import { type Look, lookAt, restore } from "./restore.ts";
import type { RuleBackend, RuleGroup } from "./rule_group.ts";

/** What {@linkcode Interception} needs. */
export interface InterceptionOptions {
  /** Sets the rules. */
  readonly backend: RuleBackend;
  /** Metadata server's IPv4 address, in canonical form. */
  readonly address: string;
  /** Metadata server's IPv6 address, in canonical form. */
  readonly ipv6Address: string;
  /** Time between checks. */
  readonly clock: Clock;
  /** Takes what was found and repaired. */
  readonly log: Log;
  /** Tells whether anything listens where a redirect of another daemon leads. */
  readonly isServed: (target: RedirectTarget) => boolean | Promise<boolean>;
  /** Whether checks may write; asked each time. Without it, always. */
  readonly mayRepair?: () => boolean;
}

/** The interception as it is, for readiness and metrics. */
export interface InterceptionState {
  /** Whether all that is wanted was in place at the last look. */
  readonly ok: boolean;
  /** What is in place, or what is wrong. */
  readonly detail: string;
  /** Number of checks that found rules missing, changed or out of order. */
  readonly drifts: number;
  /** Number of checks that restored rules. */
  readonly repairs: number;
  /** Whether a younger daemon of this node has the redirect, and cares for all rules. */
  readonly isSuperseded: boolean;
}

/** One group of rules, as a look found it. */
export interface GroupReport {
  /** What the group is about. */
  readonly name: string;
  /** What differs from what is wanted; empty if nothing does. */
  readonly drift: readonly string[];
  /** Why this node has none of these rules, if that is so. */
  readonly leftOut: string | undefined;
}

/** Changes come in bursts; they are looked at this often at most. */
const SETTLE_MS = 100;

/**
 * Whoever undoes each repair, or writes rules without end, has them checked no more
 * often than this; the interval stays as it is.
 */
const EVENT_CHECKS_A_SECOND = 1;
const EVENT_CHECK_BURST = 40;

/** While another daemon has the redirect, it is looked this often whether it lives. */
const SUCCESSOR_CHECK_MS = 1_000;

/** A program that puts its rules first after each repair would be fought for ever. */
const ORDER_REPAIRS_A_MINUTE = 6;

/**
 * Keeps the rules in the kernel that bring pods' requests here and keep them
 * from the real metadata server.
 *
 * Nothing here ever removes them: without them pods would get the node's own
 * credentials.
 */
export class Interception {
  readonly #options: InterceptionOptions;
  readonly #orderRepairs = new TokenBucket(
    ORDER_REPAIRS_A_MINUTE / 60,
    ORDER_REPAIRS_A_MINUTE,
  );
  readonly #changedBy = new Set<string>();
  #wanted: WantedInterception | undefined;
  #state: InterceptionState = {
    ok: false,
    detail: "No rules have been applied yet",
    drifts: 0,
    repairs: 0,
    isSuperseded: false,
  };
  readonly #owner: RedirectOwner;
  #last: Promise<unknown> = Promise.resolve();
  #wakeUp = new AbortController();
  readonly #eventChecks = new TokenBucket(
    EVENT_CHECKS_A_SECOND,
    EVENT_CHECK_BURST,
  );
  readonly #leftOut = new Set<string>();

  /**
   * Creates the keeper; no rule is touched yet.
   *
   * @param options Backend, addresses and collaborators.
   */
  constructor(options: InterceptionOptions) {
    this.#options = options;
    this.#owner = new RedirectOwner(options.clock.now(), options.isServed);
  }

  /** How the rules were found at the last look. */
  get state(): InterceptionState {
    return this.#state;
  }

  /**
   * Compares the rules with what is wanted, and changes nothing.
   *
   * @param wanted What should be.
   * @returns One report a group.
   * @throws {InterceptionError} If the rules cannot be read.
   */
  async inspect(wanted: WantedInterception): Promise<readonly GroupReport[]> {
    const reports: GroupReport[] = [];
    for (const group of this.#createGroups(wanted)) {
      const { drift, leftOut } = await group.inspect();
      reports.push({ name: group.name, drift, leftOut });
    }
    return reports;
  }

  /**
   * Tells where pods' requests are led now.
   *
   * @param wanted What should be; needs a redirect.
   * @returns `undefined` if they are led nowhere.
   * @throws {InterceptionError} If the rules cannot be read.
   */
  async findRedirect(
    wanted: WantedInterception,
  ): Promise<FoundRedirect | undefined> {
    for (const group of this.#createGroups(wanted)) {
      const { redirect } = await group.inspect();
      if (redirect !== undefined) return redirect;
    }
    return undefined;
  }

  /**
   * Brings the rules to what is wanted, and reads them back.
   *
   * Writes only what differs. What is wanted stays so if it fails: each check
   * tries again.
   *
   * @param wanted What is wanted from now on.
   * @param how With `takesOver`, the redirect is taken from a younger daemon that listens, too.
   * @returns What differed and was written.
   * @throws {InterceptionError} If it is not all in place now.
   */
  async apply(
    wanted: WantedInterception,
    { takesOver = false }: { readonly takesOver?: boolean } = {},
  ): Promise<readonly string[]> {
    return await this.#inTurn(async () => {
      this.#wanted = wanted;
      const { restored, failures } = await this.#enforce(wanted, {
        takesOver,
        mayRepairOrder: () => true,
      });
      if (failures[0] !== undefined) throw failures[0];
      this.#options.log("info", "Interception rules are in place", {
        backend: this.#options.backend.name,
        detail: this.#state.detail,
        written: restored.join("; ") || undefined,
      });
      return restored;
    });
  }

  /**
   * Changes what the guard closes, and nothing else.
   *
   * @param guard What it closes from now on.
   * @throws {InterceptionError} If it is not all in place now.
   */
  async changeGuard(guard: Guard): Promise<void> {
    const redirect = this.#wanted?.redirect;
    if (this.#wanted?.guard === guard) return;
    await this.apply({ guard, redirect });
  }

  /**
   * To be called when somebody has changed rules, maybe ours: they are checked soon.
   *
   * @param changedBy Which process it was, for the log.
   */
  noteChange(changedBy: string): void {
    this.#changedBy.add(changedBy);
    this.#wakeUp.abort();
  }

  /**
   * Checks the rules again and again and restores what is missing or changed;
   * failures are logged and shown in {@linkcode Interception.state}.
   *
   * @param checkIntervalMs Time from one check to the next, in milliseconds; asked each time.
   * @param signal Ends it; the rules stay.
   */
  async run(checkIntervalMs: () => number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const wake = (): void => this.#wakeUp.abort();
    signal.addEventListener("abort", wake, { once: true });
    let checkedAtMs = clock.now() - SETTLE_MS;
    while (!signal.aborted) {
      if (this.#changedBy.size === 0) {
        this.#wakeUp = new AbortController();
        const intervalMs = this.#state.isSuperseded
          ? Math.min(SUCCESSOR_CHECK_MS, checkIntervalMs())
          : checkIntervalMs();
        await clock.sleep(intervalMs, this.#wakeUp.signal);
      }
      const isByEvent = this.#changedBy.size > 0;
      if (isByEvent && !this.#eventChecks.take(clock.now())) {
        await clock.sleep(checkIntervalMs(), signal);
      }
      const sinceMs = Math.abs(clock.now() - checkedAtMs);
      if (sinceMs < SETTLE_MS) await clock.sleep(SETTLE_MS - sinceMs, signal);
      if (signal.aborted) break;
      checkedAtMs = clock.now();
      await this.check();
    }
  }

  /** Checks the rules once, as {@linkcode run} does. */
  async check(): Promise<void> {
    await this.#inTurn(() => this.#check());
  }

  /**
   * Looks once whether another daemon has the redirect, and writes nothing.
   *
   * @returns Whether it has.
   */
  async look(): Promise<boolean> {
    return await this.#inTurn(async () => {
      if (this.#wanted !== undefined) {
        await this.#claim(this.#wanted, { takesOver: false });
      }
      return this.#owner.successor !== undefined;
    });
  }

  async #check(): Promise<void> {
    const changedBy = [...this.#changedBy].join(", ") || undefined;
    this.#changedBy.clear();
    const { log, clock, backend: { name: backend }, mayRepair } = this.#options;
    if (this.#wanted === undefined || mayRepair?.() === false) return;
    const before = this.#state;
    const startTime = clock.now();
    const { drift, restored, failures } = await this.#enforce(this.#wanted, {
      takesOver: false,
      mayRepairOrder: () => this.#orderRepairs.take(clock.now()),
    });
    this.#state = {
      ...this.#state,
      drifts: before.drifts + Math.sign(drift.length),
      repairs: before.repairs + Math.sign(restored.length),
    };
    if (restored.length > 0) {
      tracedApart("repair interception", () => {}, {
        startTime,
        facts: { "saassigner.interception.backend": backend },
      });
      log("warn", "Interception rules were missing or changed; restored", {
        backend,
        missing: restored.join("; "),
        changedBy,
      });
    }
    if (failures.length > 0 && before.detail !== this.#state.detail) {
      log("error", "Interception rules cannot be checked or restored", {
        backend,
        error: failures.map(describeError).join("; "),
        changedBy,
      });
    }
    if (failures.length === 0 && !before.ok) {
      log("info", "Interception rules are in place again", { backend });
    }
  }

  /** Brings each group to what is wanted, also when another group fails. */
  async #enforce(
    wanted: WantedInterception,
    { takesOver, mayRepairOrder }: {
      readonly takesOver: boolean;
      readonly mayRepairOrder: () => boolean;
    },
  ): Promise<{
    readonly drift: readonly string[];
    readonly restored: readonly string[];
    readonly failures: readonly unknown[];
  }> {
    const claimed = await this.#claim(wanted, { takesOver });
    const drift: string[] = [];
    const restored: string[] = [];
    const failures: unknown[] = [];
    for (const [index, group] of claimed?.groups.entries() ?? []) {
      const { plan, failure } = index === 0 && claimed !== undefined
        ? claimed.first
        : await lookAt(group);
      try {
        if (plan === undefined) throw failure;
        this.#tellLeftOut(group.name, plan.leftOut);
        const found = plan.drift.map((each) => `${group.name}: ${each}`);
        drift.push(...found);
        if (plan.isMereOrder && !mayRepairOrder()) {
          throw new InterceptionError(
            `${
              found.join("; ")
            }; left so for now, because another program puts its own rules first again and again`,
          );
        }
        await restore(group, plan);
        restored.push(...found);
      } catch (error) {
        failures.push(error);
      }
    }
    const { successor } = this.#owner;
    this.#state = {
      ...this.#state,
      ok: failures.length === 0,
      detail: failures.length === 0
        ? describe(wanted, successor)
        : failures.map(messageOf).join("; "),
      isSuperseded: successor !== undefined,
    };
    return { drift, restored, failures };
  }

  /**
   * Finds out whether the rules are this process's to write: the first group tells where
   * pods' requests are led now. It is looked at just before it is restored, for pods
   * wait for the redirect.
   */
  async #claim(
    wanted: WantedInterception,
    { takesOver }: { readonly takesOver: boolean },
  ): Promise<
    { readonly groups: readonly RuleGroup[]; readonly first: Look } | undefined
  > {
    const look = async (): Promise<
      { readonly groups: readonly RuleGroup[]; readonly first: Look }
    > => {
      const groups = this.#createGroups(wanted);
      const [first] = groups;
      return { groups, first: first === undefined ? {} : await lookAt(first) };
    };
    const looked = await look();
    if (wanted.redirect === undefined) return looked;
    const { generation, successor } = this.#owner;
    const { hostIP: host, listener: { port } } = wanted.redirect;
    const { plan } = looked.first;
    if (plan === undefined && successor !== undefined) return undefined;
    const isOurs = await this.#owner.claim({ host, port }, plan?.redirect, {
      takesOver,
    });
    if (!isOurs) return undefined;
    // The documents hold the generation.
    return this.#owner.generation === generation ? looked : await look();
  }

  #tellLeftOut(name: string, reason: string | undefined): void {
    if (reason === undefined || this.#leftOut.has(name)) return;
    this.#leftOut.add(name);
    this.#options.log("warn", "Rules are left out", { name, reason });
  }

  #createGroups(wanted: WantedInterception): readonly RuleGroup[] {
    const { backend } = this.#options;
    const { generation } = this.#owner;
    const families = listFamilyRules(wanted, this.#options, generation);
    // The redirect first: it tells whose the rules are, and pods wait for it.
    return backend.createGroups(
      families.toSorted((one, other) =>
        Number(one.redirect === undefined) -
        Number(other.redirect === undefined)
      ),
    );
  }

  /** Runs one piece of work after the other: two that write would undo each other's plan. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

function describe(
  { guard, redirect }: WantedInterception,
  successor: RedirectTarget | undefined,
): string {
  if (successor !== undefined) {
    return `another daemon of this node has taken over, on port ${successor.port}`;
  }
  const guarded = guard === "off" ? "no guard" : `guard ${guard}`;
  return redirect === undefined
    ? `${guarded}, redirect not wanted yet`
    : `${guarded}, redirect to port ${redirect.listener.port}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
