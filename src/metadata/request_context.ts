import type { Caller, Identify, IdentifyNow } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Exposure } from "../core/exposure.ts";
import type { Mint, MintNow, MintRequest } from "../core/mint.ts";
import type { Decision } from "../core/policy.ts";
import type { Query } from "../core/query.ts";
import type { Route } from "../core/route.ts";
import type { AskUpstream } from "../core/upstream.ts";
import type { ConcurrencyLimit } from "./concurrency_limit.ts";
import type { TableAnswerOptions } from "./directory_answers.ts";
import type { Remembered } from "./remembered.ts";

/** What is needed to answer a request. */
export interface AnswerRequestOptions {
  /** Finds the pod behind an address, if it need not be waited for. */
  readonly identifyNow: IdentifyNow;
  /** Finds the pod behind an address. */
  readonly identify: Identify;
  /** Decides what a caller may have. */
  readonly decide: (caller: Caller) => Decision;
  /** Gives tokens that are in memory. */
  readonly mintNow: MintNow;
  /** Obtains tokens. */
  readonly mint: Mint;
  /** Asks the real metadata server, or the next hop. */
  readonly askUpstream: AskUpstream;
  /** The node's own values. */
  readonly nodeValues: Remembered<string | undefined>;
  /** What the real server lists in directories of the metadata table. */
  readonly listings: Remembered<readonly string[]>;
  /** Domain of the Google Cloud that the node is in. */
  readonly universeDomain: string;
  /** What pods may see of the real server. */
  readonly exposure: () => Exposure;
  /** Host names accepted beside those of the metadata server, in lower case. */
  readonly hosts: () => readonly string[];
  /** Bounds the requests that wait for a change. */
  readonly waits: ConcurrencyLimit;
  /** Fires when the daemon stops; ends the requests that wait for a change. */
  readonly stopping: AbortSignal;
  /** Starts the time that a request may take; the signal fires at its end. */
  readonly startBudget: () => Deadline;
  /** Time. */
  readonly clock: Clock;
}

/** What is known of a request, filled in while it is answered. */
export interface Progress {
  /** Canonical address of the peer; empty if it has none. */
  readonly address: string;
  /** What is asked for. */
  route: Route;
  /** The caller, once found. */
  caller: Caller | undefined;
  /** What was decided for the caller. */
  decision: Decision | undefined;
  /** What was to be minted for it. */
  wanted: MintRequest | undefined;
  /** The token that was minted. */
  token: string | undefined;
}

/** One request that passed the gate. */
export interface RequestContext {
  /** Tells by its signal when the client has gone; reading that costs even if it never fires. */
  readonly request: Pick<Request, "signal">;
  /** Its parsed query. */
  readonly query: Query;
  /** Where to note what is learned on the way. */
  readonly progress: Progress;
  /** Collaborators. */
  readonly options: AnswerRequestOptions;
}

/** A route that has something to tell, now or after a change. */
export type EntryRoute = Extract<
  Route,
  {
    kind: "directory" | "leaf" | "accounts" | "account" | "entry" | "upstream";
  }
>;

/**
 * Gives what answers for the metadata table and of the real server are made of.
 *
 * @param context The request.
 */
export function tableOptions(
  { query, options }: RequestContext,
): TableAnswerOptions {
  const { askUpstream, nodeValues, listings, universeDomain } = options;
  return {
    query,
    askUpstream,
    nodeValues,
    listings,
    universeDomain,
    exposure: options.exposure(),
  };
}
