import { canonicalAddress } from "../core/address.ts";
import type { Caller } from "../core/caller.ts";
import { cutTarget } from "../core/gate.ts";
import type { Decision } from "../core/policy.ts";
import type { AccountEntry, Route } from "../core/route.ts";
import { UpstreamError } from "../core/upstream.ts";
import { currentSpan, readTraceparent } from "../telemetry/otel.ts";
import {
  type Answer,
  jsonTextAnswer,
  notFound,
  plainRefusal,
  refusal,
  toResponse,
} from "./answer.ts";
import {
  answerRequest,
  type AnswerRequestOptions,
  type Progress,
} from "./answer_request.ts";
import type { ConcurrencyLimit } from "./concurrency_limit.ts";

/** What the pod-facing handler needs. */
export interface MetadataHandlerOptions extends AnswerRequestOptions {
  /** Bounds the requests that are being answered. */
  readonly inFlight: ConcurrencyLimit;
  /** Answers a health probe with JSON text; `undefined` for a peer that may not ask. */
  readonly health: (address: string) => string | undefined;
  /** Whether clients should close their connections, and connect to another daemon. */
  readonly isLeaving: () => boolean;
  /** Told of each answered request. */
  readonly observe: (exchange: Exchange) => void;
}

/** One request and its answer, for log and metric. */
export interface Exchange {
  /** What is asked for. */
  readonly route: Route;
  /** Entry of a service account that is asked for, if it is one. */
  readonly entry: AccountEntry | undefined;
  /** Method as sent. */
  readonly method: string;
  /** Canonical address of the peer. */
  readonly address: string;
  /** The caller, if it was asked for and found. */
  readonly caller: Caller | undefined;
  /** What was decided for the caller, if anything. */
  readonly decision: Decision | undefined;
  /** What was to be minted, and the token if there is one. */
  readonly minted: Progress["minted"];
  /** The answer. */
  readonly answer: Answer;
  /** Time from arrival to answer, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Creates the handler of the pod-facing port: gate, route, identify, decide,
 * mint, respond.
 *
 * Identity comes from the connection's source address only; nothing in the
 * request can change it.
 *
 * @param options Collaborators.
 */
export function createMetadataHandler(
  options: MetadataHandlerOptions,
): (
  request: Request,
  info: { readonly remoteAddr: Deno.Addr },
) => Promise<Response> {
  return async (request, info) => {
    const startedMs = options.clock.now();
    const peer = "hostname" in info.remoteAddr ? info.remoteAddr.hostname : "";
    const progress: Progress = {
      address: canonicalAddress(peer) ?? "",
      route: { kind: "none" },
    };
    currentSpan().link(readTraceparent(request.headers.get("traceparent")));
    const answer = await answerAny(request, progress, options)
      .catch(toFailure);
    const { route } = progress;
    options.observe({
      route,
      entry: route.kind === "entry" ? route.entry : undefined,
      method: request.method,
      address: progress.address,
      caller: progress.caller,
      decision: progress.decision,
      minted: progress.minted,
      answer,
      durationMs: options.clock.now() - startedMs,
    });
    const response = toResponse(answer, request.method);
    if (options.isLeaving()) response.headers.set("Connection", "close");
    return response;
  };
}

async function answerAny(
  request: Request,
  progress: Progress,
  options: MetadataHandlerOptions,
): Promise<Answer> {
  if (cutTarget(request) === "/healthz") return answerHealth(progress, options);
  const { inFlight } = options;
  if (!inFlight.enter(progress.address)) {
    return refusal("overload", "Too many requests at once; try again");
  }
  try {
    return await answerRequest(request, progress, options);
  } finally {
    inFlight.leave(progress.address);
  }
}

function toFailure(error: unknown): Answer {
  const answer = error instanceof UpstreamError
    ? plainRefusal(503, "The metadata server cannot be reached; try again", {
      reason: "upstream-failed",
    })
    : plainRefusal(500, "Internal error", { reason: "internal-error" });
  return { ...answer, cause: error };
}

/** Old manifests probe this port; a pod that asks learns nothing. */
function answerHealth(
  progress: Progress,
  options: MetadataHandlerOptions,
): Answer {
  const health = options.health(progress.address);
  return health === undefined ? notFound() : jsonTextAnswer(health);
}
