import type { Caller, Identify, IdentifyNow } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Exposure } from "../core/exposure.ts";
import { gate } from "../core/gate.ts";
import type { Mint, MintNow, MintRequest } from "../core/mint.ts";
import type { Decision } from "../core/policy.ts";
import { isOn, parseQuery, type Query } from "../core/query.ts";
import { type Route, route, V1 } from "../core/route.ts";
import type { Token } from "../core/token.ts";
import type { AskUpstream } from "../core/upstream.ts";
import { traced } from "../telemetry/otel.ts";
import {
  accountsTree,
  type Allowed,
  answerAccount,
  answerAccounts,
  answerEntry,
} from "./account_answers.ts";
import {
  type Answer,
  badParameter,
  notFound,
  plainRefusal,
  redirectAnswer,
  refusal,
} from "./answer.ts";
import type { ConcurrencyLimit } from "./concurrency_limit.ts";
import {
  answerLeaf,
  answerListing,
  answerTable,
  needsCaller,
  type TableAnswerOptions,
} from "./directory_answers.ts";
import { proxy } from "./proxy.ts";
import type { Remembered } from "./remembered.ts";
import { listingAnswer } from "./value_answers.ts";
import { answerWhenChanged } from "./wait_for_change.ts";

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
  caller?: Caller;
  /** What was decided for the caller. */
  decision?: Decision;
  /** What was to be minted for it, and the token if there is one. */
  minted?: { readonly request: MintRequest; token?: string };
}

/** A route that has something to tell, now or after a change. */
type EntryRoute = Extract<
  Route,
  {
    kind: "directory" | "leaf" | "accounts" | "account" | "entry" | "upstream";
  }
>;

interface Context {
  readonly request: Request;
  readonly query: Query;
  readonly progress: Progress;
  readonly options: AnswerRequestOptions;
}

/** Milliseconds between two looks at what the daemon knows by itself. */
const LOCAL_POLL_MS = 1_000;
/** Milliseconds between two looks at what the real server is asked for. */
const UPSTREAM_POLL_MS = 5_000;

/**
 * Answers one request: gate, route, identify, decide, mint.
 *
 * @param request The request as received.
 * @param progress Where to note what is learned on the way.
 * @param options Collaborators.
 * @throws {UpstreamError} If the real server is needed and gives no answer.
 */
export async function answerRequest(
  request: Request,
  progress: Progress,
  options: AnswerRequestOptions,
): Promise<Answer> {
  const gated = gate(request, options.hosts());
  if (gated.outcome === "refuse") {
    return plainRefusal(gated.status, gated.message, gated);
  }
  const matched = route(gated.path, options.exposure());
  progress.route = matched;
  if (matched.kind === "root") {
    return listingAnswer(["computeMetadata/"], new Map());
  }
  const query = parseQuery(gated.query);
  if (query === undefined) return badParameter("Malformed query");
  switch (matched.kind) {
    case "versions":
      return isOn(query, "recursive")
        ? notFound()
        : listingAnswer(["v1/"], query);
    case "redirect":
      return redirectAnswer(matched.location, query);
    case "none":
      return notFound();
    default: {
      const context = { request, query, progress, options };
      return isOn(query, "wait_for_change")
        ? await answerInTurn(matched, context)
        : await answerNow(matched, context);
    }
  }
}

/** Answers a request that waits for a change, if not too many do. */
async function answerInTurn(
  matched: EntryRoute,
  context: Context,
): Promise<Answer> {
  const { progress: { address }, options: { waits } } = context;
  if (!waits.enter(address)) {
    return refusal("overload", "Too many requests wait for a change");
  }
  try {
    return await answerChange(matched, context);
  } finally {
    waits.leave(address);
  }
}

async function answerChange(
  matched: EntryRoute,
  context: Context,
): Promise<Answer> {
  const { query, request, options } = context;
  const signal = AbortSignal.any([request.signal, options.stopping]);
  if (matched.kind === "upstream" && !matched.directory) {
    const answer = await answerNow(matched, context, signal);
    // What pods may see can have changed meanwhile.
    return options.exposure().shows(matched.path) ? answer : notFound();
  }
  const isLocal = matched.kind !== "upstream" && matched.kind !== "directory";
  return await answerWhenChanged(() => answerNow(matched, context), {
    query,
    pollMs: isLocal ? LOCAL_POLL_MS : UPSTREAM_POLL_MS,
    clock: options.clock,
    signal,
  });
}

/** Answers as things are now; a leaf of the real server may wait there until the signal fires. */
async function answerNow(
  matched: EntryRoute,
  context: Context,
  signal?: AbortSignal,
): Promise<Answer> {
  const { query, options } = context;
  const exposure = options.exposure();
  const table = tableOptions(context, exposure);
  if (matched.kind === "leaf") return await answerLeaf(matched.row, table);
  if (matched.kind === "directory") {
    const { path } = matched;
    if (!isOn(query, "recursive")) return await answerListing(path, table);
    if (!needsCaller(path, exposure)) return await answerTable(path, {}, table);
  }
  // Most requests wait for nothing.
  let deadline: Deadline | undefined;
  try {
    return await answerCaller(matched, {
      ...context,
      table: signal === undefined ? table : { ...table, signal },
      budget: () => (deadline ??= options.startBudget()).signal,
    });
  } finally {
    deadline?.stop();
  }
}

function tableOptions(
  { query, options }: Context,
  exposure: Exposure,
): TableAnswerOptions {
  const { askUpstream, nodeValues, listings, universeDomain } = options;
  return {
    query,
    askUpstream,
    nodeValues,
    listings,
    universeDomain,
    exposure,
  };
}

interface CallerContext extends Context {
  readonly table: TableAnswerOptions;
  /** Gives the signal that fires when the request's time is over. */
  readonly budget: () => AbortSignal;
}

async function answerCaller(
  matched: Exclude<EntryRoute, { kind: "leaf" }>,
  context: CallerContext,
): Promise<Answer> {
  const { progress, options, table, budget } = context;
  const identification = await traced(
    "identify",
    () =>
      options.identifyNow(progress.address) ??
        options.identify(progress.address, budget()),
  );
  if (identification.kind === "refused") {
    return refusal(identification.reason, identification.message);
  }
  progress.caller = identification.caller;
  if (matched.kind === "upstream") return await proxy(matched, table);
  const { caller } = identification;
  const decision = traced("decide", () => options.decide(caller));
  progress.decision = decision;
  if (matched.kind === "directory") {
    const allowed = decision.outcome === "allow" ? decision : undefined;
    return await answerTable(matched.path, accountsTree(allowed), table);
  }
  return await answerAccountRoute(matched, decision, {
    ...context,
    holder: identification.caller.pod.uid,
  });
}

async function answerAccountRoute(
  matched: Extract<EntryRoute, { kind: "accounts" | "account" | "entry" }>,
  decision: Decision,
  { query, options, progress, budget, holder }: CallerContext & {
    /** Uid of the caller. */
    readonly holder: string;
  },
): Promise<Answer> {
  if (decision.outcome === "deny") {
    return matched.kind === "accounts" && decision.reason === "no-account"
      ? answerAccounts(undefined, query)
      : refusal(decision.reason, decision.message);
  }
  if (matched.kind === "accounts") return answerAccounts(decision, query);
  const { account } = matched;
  if (!isOwnAccount(account, decision)) {
    return refusal("account-mismatch", "The pod has no such service account");
  }
  if (matched.kind === "account") {
    return matched.directory
      ? answerAccount(decision, query)
      : redirectAnswer(`${V1}instance/service-accounts/${account}/`, query);
  }
  const { clock } = options;
  return await answerEntry(matched.entry, decision, {
    query,
    mint: (request) => mintFor(request, holder, { options, progress, budget }),
    now: clock.now,
  });
}

async function mintFor(
  request: MintRequest,
  holder: string,
  { options, progress, budget }: Pick<
    CallerContext,
    "options" | "progress" | "budget"
  >,
): Promise<Token> {
  progress.minted = { request };
  const token = options.mintNow(request, holder) ??
    await options.mint(request, budget(), holder);
  progress.minted.token = token.value;
  return token;
}

function isOwnAccount(account: string, allowed: Allowed): boolean {
  return account === "default" || account === allowed.account;
}
