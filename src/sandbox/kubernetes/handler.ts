import type { IncomingMessage, ServerResponse } from "node:http";
import { type ApiUser, authorise, type KubernetesAccess } from "./access.ts";
import { answerAccessReview } from "./access_review.ts";
import {
  answerCollectionRequest,
  type CollectionSources,
} from "./collection_requests.ts";
import type { KubernetesExchange } from "./exchange.ts";
import { answerObjectRequest } from "./object_requests.ts";
import type { KubernetesRegistry } from "./registry.ts";
import type { KubernetesRequestLog } from "./request_log.ts";
import { sendError, sendJson, sendText } from "./response.ts";
import { type Action, findAction } from "./route.ts";
import { badRequest, KubernetesStatusError } from "./status.ts";

/** What requests are answered from. */
export interface HandlerParts extends CollectionSources {
  /** The rules by which objects change. */
  readonly registry: KubernetesRegistry;
  /** Who may do what. */
  readonly access: KubernetesAccess;
  /** Where requests are recorded. */
  readonly log: KubernetesRequestLog;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const VERSION = {
  major: "1",
  minor: "33",
  gitVersion: "v1.33.4-gke.1134000",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2025-08-27T04:10:43Z",
  goVersion: "go1.24.5",
  compiler: "gc",
  platform: "linux/amd64",
};

/**
 * Creates the answering side of the emulated API server; it knows no sockets, so that
 * any listener can carry it.
 *
 * @param parts What to answer from.
 * @returns Answers one request; never rejects.
 */
export function createKubernetesHandler(
  parts: HandlerParts,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const over = new AbortController();
    response.once("close", () => over.abort());
    response.on("error", () => over.abort());
    try {
      await answer(parts, { request, response, over: over.signal });
    } catch (error) {
      if (!over.signal.aborted) sendError(response, error);
    }
  };
}

async function answer(
  parts: HandlerParts,
  arrival: Pick<KubernetesExchange, "request" | "response" | "over">,
): Promise<void> {
  const { request } = arrival;
  const url = readTarget(request);
  const action = findAction(request.method ?? "", url);
  const isKnown = !(action instanceof KubernetesStatusError);
  const user = parts.access.authenticate(request.headers.authorization);
  const record = {
    method: request.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    verb: isKnown ? action.verb : "",
    resource: isKnown ? action.resource : "",
    userAgent: request.headers["user-agent"] ?? "",
    authenticatedAs: user?.name,
    timeMs: parts.now(),
  };
  parts.log.add(record);
  const failure = parts.plan.takeFailure(record);
  if (failure !== undefined) throw failure;
  if (user === undefined) throw new KubernetesStatusError(401, "Unauthorized");
  if (!isKnown) throw action;
  authorise(user, action);
  checkAccept(request.headers.accept);
  await dispatch(parts, user, { ...arrival, url, action });
}

async function dispatch(
  parts: HandlerParts,
  user: ApiUser,
  exchange: KubernetesExchange,
): Promise<void> {
  const { type, verb } = exchange.action;
  if (type === undefined && verb === "create") {
    await answerAccessReview(exchange, user);
  } else if (type === undefined) sendPlain(exchange.response, exchange.action);
  else if (verb === "list" || verb === "watch") {
    await answerCollectionRequest(exchange, type, parts);
  } else await answerObjectRequest(exchange, type, parts.registry);
}

function sendPlain(response: ServerResponse, action: Action): void {
  if (action.resource === "/version") sendJson(response, 200, VERSION);
  else sendText(response, "ok");
}

function readTarget(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? "", "http://kubernetes.default.svc");
  if (url === null) throw badRequest(`invalid request target: ${request.url}`);
  return url;
}

/** Only plain JSON is spoken here: a table, YAML or Protobuf alone cannot be had. */
function checkAccept(accept: string | undefined): void {
  const types = (accept ?? "*/*").split(",").map((type) => type.trim());
  const isFine = types.some((type) =>
    /^(\*\/\*|application\/(\*|json))(;|$)/.test(type) && !/;\s*as=/.test(type)
  );
  if (isFine) return;
  const message =
    "only the following media types are accepted: application/json";
  throw new KubernetesStatusError(406, message);
}
