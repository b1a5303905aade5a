import { type Awaitable, endingWith } from "../core/awaitable.ts";
import { gate } from "../core/gate.ts";
import { isOn, parseQuery } from "../core/query.ts";
import type { ReceivedRequest } from "../core/received_request.ts";
import { route } from "../core/route.ts";
import {
  type Answer,
  badParameter,
  notFound,
  plainRefusal,
  redirectAnswer,
  refusal,
} from "./answer.ts";
import { answerCaller } from "./answer_caller.ts";
import {
  answerLeaf,
  answerListing,
  answerTable,
  needsCaller,
} from "./directory_answers.ts";
import { RequestBudget } from "./request_budget.ts";
import {
  type EntryRoute,
  type RequestContext,
  tableOptions,
} from "./request_context.ts";
import { listingAnswer } from "./value_answers.ts";
import { answerWhenChanged } from "./wait_for_change.ts";

/** Milliseconds between two looks at what the daemon knows by itself. */
const LOCAL_POLL_MS = 1_000;
/** Milliseconds between two looks at what the real server is asked for. */
const UPSTREAM_POLL_MS = 5_000;

/**
 * Answers one request: gate, route, identify, decide, mint.
 *
 * @param received The request as received.
 * @param arrived Where to note what is learned on the way, and collaborators.
 * @returns The answer, at once if nothing has to be waited for.
 * @throws {UpstreamError} If the real server is needed and gives no answer.
 */
export function answerRequest(
  received: ReceivedRequest,
  arrived: Omit<RequestContext, "query">,
): Awaitable<Answer> {
  const { request, progress, options } = arrived;
  const gated = gate(received, options.hosts());
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
        ? answerInTurn(matched, context)
        : answerNow(matched, context);
    }
  }
}

/** Answers a request that waits for a change, if not too many do. */
async function answerInTurn(
  matched: EntryRoute,
  context: RequestContext,
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
  context: RequestContext,
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
function answerNow(
  matched: EntryRoute,
  context: RequestContext,
  signal?: AbortSignal,
): Awaitable<Answer> {
  if (matched.kind === "leaf") {
    return answerLeaf(matched.row, tableOptions(context));
  }
  if (matched.kind === "directory") {
    const { path } = matched;
    const table = tableOptions(context);
    if (!isOn(context.query, "recursive")) return answerListing(path, table);
    if (!needsCaller(path, table.exposure)) return answerTable(path, {}, table);
  }
  const budget = new RequestBudget(context.options.startBudget);
  return endingWith(
    () => answerCaller(matched, { context, budget, signal }),
    () => budget.stop(),
  );
}
