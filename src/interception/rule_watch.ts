import type { Clock } from "../core/clock.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { FollowCommand } from "./follow_command.ts";

/** What {@linkcode watchRules} needs. */
export interface RuleWatchOptions {
  /** Runs `nft monitor`. */
  readonly followCommand: FollowCommand;
  /** Time between two attempts. */
  readonly clock: Clock;
  /** Takes that changes cannot be watched. */
  readonly log: Log;
  /** Told of each change that can concern our rules, and of the process that made it. */
  readonly onChange: (changedBy: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const PAUSE_MS = 60_000;

/**
 * Watches changes of netfilter's rules, as soon as they are made.
 *
 * The kernel tells of nftables and of iptables-nft; nothing tells of iptables-legacy.
 * So this only hastens what regular checks find too, and is not missed when it
 * cannot be had: it is tried again once a minute.
 *
 * @param options Collaborators.
 */
export async function watchRules(options: RuleWatchOptions): Promise<void> {
  const { followCommand, clock, log, onChange, signal } = options;
  let said: string | undefined;
  while (!signal.aborted) {
    const reader = new RuleEventReader();
    try {
      await followCommand("nft", ["monitor"], {
        onLine: (line) => {
          const changedBy = reader.read(line);
          if (changedBy !== undefined) onChange(changedBy);
        },
        signal,
      });
    } catch (error) {
      const reason = describeError(error);
      if (reason !== said) {
        log("warn", "Changes of rules are not seen at once, only by checks", {
          error: reason,
        });
      }
      said = reason;
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** Everything that can put our rules out of force, and what tells that events were lost. */
const RELEVANT =
  /\b(?:FORWARD|INPUT|PREROUTING|SAASSIGNER-[A-Z]+|saassigner|delete table|ERROR)\b/;

/** Ends each transaction. */
const GENERATION = /^# new generation \d+ by process (\d+) \((.*)\)$/;

/** Tells from what `nft monitor` prints which transactions can concern our rules. */
export class RuleEventReader {
  #isRelevant = false;

  /**
   * Takes the next line.
   *
   * @param line Without its end.
   * @returns Which process has just made a change that can concern us; undefined for none.
   */
  read(line: string): string | undefined {
    const [, pid, name] = GENERATION.exec(line) ?? [];
    if (pid === undefined) {
      this.#isRelevant ||= RELEVANT.test(line);
      return undefined;
    }
    const isRelevant = this.#isRelevant;
    this.#isRelevant = false;
    return isRelevant ? `${name} (process ${pid})` : undefined;
  }
}
