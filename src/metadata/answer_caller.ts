import { type Awaitable, whenThere } from "../core/awaitable.ts";
import type { Caller, Identification } from "../core/caller.ts";
import type { MintRequest } from "../core/mint.ts";
import type { Decision } from "../core/policy.ts";
import { V1 } from "../core/route.ts";
import type { Token } from "../core/token.ts";
import { traced } from "../telemetry/otel.ts";
import {
  accountsTree,
  type Allowed,
  answerAccount,
  answerAccounts,
  answerEntry,
} from "./account_answers.ts";
import { type Answer, redirectAnswer, refusal } from "./answer.ts";
import { answerTable } from "./directory_answers.ts";
import { proxy } from "./proxy.ts";
import type { RequestBudget } from "./request_budget.ts";
import {
  type EntryRoute,
  type RequestContext,
  tableOptions,
} from "./request_context.ts";

/** A request whose answer depends on who asks. */
export interface CallerRequest {
  /** The request. */
  readonly context: RequestContext;
  /** Time for finding the caller and minting. */
  readonly budget: RequestBudget;
  /** Ends the wait for a change at the real server. */
  readonly signal: AbortSignal | undefined;
}

/** A request for what an account has. */
interface AccountRequest extends Pick<CallerRequest, "context" | "budget"> {
  /** Uid of the caller. */
  readonly holder: string;
}

type AccountRoute = Extract<
  EntryRoute,
  { kind: "accounts" | "account" | "entry" }
>;

/**
 * Answers what only the pod that asks may see: identify, decide, mint.
 *
 * @param matched What is asked for.
 * @param asked The request.
 * @returns The answer, at once if nothing has to be waited for.
 * @throws {UpstreamError} If the real server is needed and gives no answer.
 */
export function answerCaller(
  matched: Exclude<EntryRoute, { kind: "leaf" }>,
  asked: CallerRequest,
): Awaitable<Answer> {
  const identification = traced("identify", () => identify(asked));
  return whenThere(
    identification,
    (identified) =>
      identified.kind === "refused"
        ? refusal(identified.reason, identified.message)
        : answerPod(matched, identified.caller, asked),
  );
}

function identify(
  { context: { progress, options }, budget }: CallerRequest,
): Awaitable<Identification> {
  return options.identifyNow(progress.address) ??
    options.identify(progress.address, budget.signal);
}

function answerPod(
  matched: Exclude<EntryRoute, { kind: "leaf" }>,
  caller: Caller,
  asked: CallerRequest,
): Awaitable<Answer> {
  const { context, signal } = asked;
  const { progress, options } = context;
  progress.caller = caller;
  if (matched.kind === "upstream") {
    const table = tableOptions(context);
    return proxy(matched, signal === undefined ? table : { ...table, signal });
  }
  const decision = traced("decide", () => options.decide(caller));
  progress.decision = decision;
  if (matched.kind === "directory") {
    const allowed = decision.outcome === "allow" ? decision : undefined;
    const table = tableOptions(context);
    return answerTable(matched.path, accountsTree(allowed), table);
  }
  return answerAccountRoute(matched, decision, {
    context,
    budget: asked.budget,
    holder: caller.pod.uid,
  });
}

function answerAccountRoute(
  matched: AccountRoute,
  decision: Decision,
  asked: AccountRequest,
): Awaitable<Answer> {
  const { query, options } = asked.context;
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
  return answerEntry(matched.entry, decision, {
    query,
    mint: (request) => mintFor(request, asked),
    now: options.clock.now,
  });
}

function mintFor(
  request: MintRequest,
  { context, budget, holder }: AccountRequest,
): Awaitable<Token> {
  const { progress, options } = context;
  progress.wanted = request;
  const token = options.mintNow(request, holder) ??
    options.mint(request, budget.signal, holder);
  return whenThere(token, (minted) => {
    progress.token = minted.value;
    return minted;
  });
}

function isOwnAccount(account: string, allowed: Allowed): boolean {
  return account === "default" || account === allowed.account;
}
