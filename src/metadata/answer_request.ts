import type { Caller, Identify } from "../core/caller.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Exposure } from "../core/exposure.ts";
import { gate } from "../core/gate.ts";
import { isTree } from "../core/metadata_tree.ts";
import type { Mint } from "../core/mint.ts";
import type { Decision } from "../core/policy.ts";
import { isOn, parseQuery, type Query } from "../core/query.ts";
import { type Route, route, UNIVERSE_DOMAIN } from "../core/route.ts";
import type { AskUpstream } from "../core/upstream.ts";
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
  jsonAnswer,
  notFound,
  plainRefusal,
  redirectAnswer,
  refusal,
  textAnswer,
} from "./answer.ts";
import { answerTree, fetchTree, proxy, type ProxyOptions } from "./proxy.ts";
import type { WaitLimit } from "./wait_limit.ts";

/** What is needed to answer a request. */
export interface AnswerRequestOptions {
  /** Finds the pod behind an address. */
  readonly identify: Identify;
  /** Decides what a caller may have. */
  readonly decide: (caller: Caller) => Decision;
  /** Obtains tokens. */
  readonly mint: Mint;
  /** Asks the real metadata server, or the next hop. */
  readonly askUpstream: AskUpstream;
  /** What pods may see of the real server. */
  readonly exposure: () => Exposure;
  /** Host names accepted beside those of the metadata server, in lower case. */
  readonly hosts: () => readonly string[];
  /** Bounds the requests that wait for a change. */
  readonly waits: WaitLimit;
  /** Fires when the daemon stops; ends the requests that wait for a change. */
  readonly stopping: AbortSignal;
  /** Starts the time that a request may take; the signal fires at its end. */
  readonly startBudget: () => Deadline;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** What is known of a request, filled in while it is answered. */
export interface Progress {
  /** Canonical address of the peer; empty if it has none. */
  readonly address: string;
  /** Kind of entry asked for. */
  route: Route["kind"];
  /** The caller, once found. */
  caller?: Caller;
  /** What was decided for the caller. */
  decision?: Decision;
}

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
  const query = parseQuery(gated.query);
  if (query === undefined) return badParameter("Malformed query");
  const matched = route(gated.path, options.exposure());
  progress.route = matched.kind;
  switch (matched.kind) {
    case "root":
      return textAnswer("computeMetadata/\n");
    case "fixed-directory":
      return answerFixedDirectory(matched, query);
    case "fixed-leaf":
      return query.get("alt") === "json"
        ? jsonAnswer(matched.value)
        : textAnswer(matched.value);
    case "redirect":
      return redirectAnswer(matched.location, query);
    case "none":
      return notFound();
    default: {
      const context = { request, query, progress, options };
      const isWaiting = isOn(query, "wait_for_change") &&
        (matched.kind === "upstream" || matched.kind === "above-accounts");
      return isWaiting
        ? await answerInTurn(matched, context)
        : await answerVariable(matched, context);
    }
  }
}

/** Answers a request that waits for a change, if not too many do. */
async function answerInTurn(
  matched: VariableRoute,
  context: Context,
): Promise<Answer> {
  const { progress: { address }, options: { waits } } = context;
  if (!waits.enter(address)) {
    return refusal("overload", "Too many requests wait for a change");
  }
  try {
    return await answerVariable(matched, context);
  } finally {
    waits.leave(address);
  }
}

async function answerVariable(
  matched: VariableRoute,
  context: Context,
): Promise<Answer> {
  return matched.kind === "above-accounts" && !isOn(context.query, "recursive")
    ? await answerListingAbove(matched.path, context)
    : await answerCaller(matched, context);
}

function answerFixedDirectory(
  directory: Extract<Route, { kind: "fixed-directory" }>,
  query: Query,
): Answer {
  if (isOn(query, "recursive")) {
    return directory.tree === undefined
      ? notFound()
      : answerTree(directory.tree, { path: "", query });
  }
  return answerListing(directory.entries, query);
}

function answerListing(entries: readonly string[], query: Query): Answer {
  if (query.has("alt")) {
    return badParameter("alt needs recursive=true on a directory");
  }
  return textAnswer(entries.map((entry) => `${entry}\n`).join(""));
}

/** Lists a directory above service accounts, which is the same for every caller. */
async function answerListingAbove(
  path: "" | "instance",
  context: Context,
): Promise<Answer> {
  const { query } = context;
  if (path === "") {
    return answerListing(["instance/", "project/", "universe/"], query);
  }
  return await proxy({ path, directory: true }, proxyOptions(context));
}

/** A route whose answer depends on who asks, or on the real server. */
type VariableRoute = Extract<
  Route,
  { kind: "accounts" | "account" | "entry" | "above-accounts" | "upstream" }
>;

interface Context {
  readonly request: Request;
  readonly query: Query;
  readonly progress: Progress;
  readonly options: AnswerRequestOptions;
}

async function answerCaller(
  matched: VariableRoute,
  context: Context,
): Promise<Answer> {
  const { query, progress, options } = context;
  const budget = options.startBudget();
  try {
    const identification = await options.identify(
      progress.address,
      budget.signal,
    );
    if (identification.kind === "refused") {
      return refusal(identification.reason, identification.message);
    }
    progress.caller = identification.caller;
    if (matched.kind === "upstream") {
      return await proxy(matched, proxyOptions(context));
    }
    const decision = options.decide(identification.caller);
    progress.decision = decision;
    if (matched.kind === "above-accounts") {
      return await answerTreeAbove(
        matched.path,
        decision,
        proxyOptions(context),
      );
    }
    return await answerAccountRoute(matched, decision, {
      query,
      options,
      signal: budget.signal,
    });
  } finally {
    budget.stop();
  }
}

async function answerAccountRoute(
  matched: Extract<Route, { kind: "accounts" | "account" | "entry" }>,
  decision: Decision,
  context: Pick<Context, "query" | "options"> & {
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const { query, options, signal } = context;
  if (decision.outcome === "deny") {
    return matched.kind === "accounts" && decision.reason === "no-account"
      ? answerAccounts(undefined, query)
      : refusal(decision.reason, decision.message);
  }
  if (matched.kind === "accounts") return answerAccounts(decision, query);
  if (!isOwnAccount(matched.account, decision)) {
    return refusal("account-mismatch", "The pod has no such service account");
  }
  if (matched.kind === "account") return answerAccount(decision, query);
  const { mint, now } = options;
  return await answerEntry(matched.entry, decision, {
    query,
    mint,
    now,
    signal,
  });
}

function isOwnAccount(account: string, allowed: Allowed): boolean {
  return account === "default" || account === allowed.account;
}

/** Assembles a recursive answer above service accounts, with the caller's own in place. */
async function answerTreeAbove(
  path: "" | "instance",
  decision: Decision,
  options: ProxyOptions,
): Promise<Answer> {
  const fetched = await fetchTree(path, options);
  // A next hop that refuses the subtree does not keep the caller from its own accounts.
  const isRefused = "refusal" in fetched && fetched.refusal.status < 500;
  if ("refusal" in fetched && !isRefused) return fetched.refusal;
  const upstream = "tree" in fetched ? fetched.tree : {};
  const serviceAccounts = accountsTree(
    decision.outcome === "allow" ? decision : undefined,
  );
  if (path === "instance") {
    return answerTree({ ...upstream, serviceAccounts }, {
      path,
      query: options.query,
    });
  }
  const { instance, project } = upstream;
  const tree = {
    instance: { ...(isTree(instance) ? instance : {}), serviceAccounts },
    ...(project === undefined ? {} : { project }),
    universe: { universeDomain: UNIVERSE_DOMAIN },
  };
  return answerTree(tree, { path, query: options.query });
}

/** Only a request that waits for a change can last, and must end with its client. */
function proxyOptions({ request, query, options }: Context): ProxyOptions {
  const { askUpstream, exposure, stopping } = options;
  const base = { query, askUpstream, exposure: exposure() };
  return isOn(query, "wait_for_change")
    ? { ...base, signal: AbortSignal.any([request.signal, stopping]) }
    : base;
}
