import { canonicalAddress } from "../core/address.ts";
import {
  type Awaitable,
  endingWith,
  orElse,
  whenThere,
} from "../core/awaitable.ts";
import { receive, type ReceivedRequest } from "../core/received_request.ts";
import type { Route } from "../core/route.ts";
import { UpstreamError } from "../core/upstream.ts";
import { currentSpan, readTraceparent } from "../telemetry/otel.ts";
import {
  type Answer,
  jsonTextAnswer,
  notFound,
  plainRefusal,
  refusal,
} from "./answer.ts";
import { answerRequest } from "./answer_request.ts";
import type { ConcurrencyLimit } from "./concurrency_limit.ts";
import type { AnswerRequestOptions, Progress } from "./request_context.ts";
import { toResponse } from "./to_response.ts";

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
export interface Exchange extends Readonly<Progress> {
  /** Method as sent. */
  readonly method: string;
  /** The answer. */
  readonly answer: Answer;
  /** Time from arrival to answer, in milliseconds. */
  readonly durationMs: number;
}

/** An exchange that goes on: the same object from arrival to the records. */
type OpenExchange = Progress & {
  readonly method: string;
  answer: Answer;
  durationMs: number;
};

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
) => Awaitable<Response> {
  const { clock, observe, isLeaving } = options;
  return (request, info) => {
    const startedMs = clock.now();
    const received = receive(request);
    const { method } = received;
    const exchange: OpenExchange = {
      address: addressOf(info.remoteAddr),
      method,
      route: NO_ROUTE,
      caller: undefined,
      decision: undefined,
      wanted: undefined,
      token: undefined,
      answer: NO_ANSWER,
      durationMs: 0,
    };
    linkCaller(received);
    const answering = orElse(
      () => answerAny(request, received, { progress: exchange, options }),
      toFailure,
    );
    return whenThere(answering, (answer) => {
      exchange.answer = answer;
      exchange.durationMs = clock.now() - startedMs;
      observe(exchange);
      return toResponse(answer, { method, isLast: isLeaving() });
    });
  };
}

const NO_ANSWER = plainRefusal(500, "No answer", { reason: "internal-error" });
const NO_ROUTE: Route = { kind: "none" };

function addressOf(peer: Deno.Addr): string {
  return "hostname" in peer ? canonicalAddress(peer.hostname) ?? "" : "";
}

/** Has the trace point to the one that the pod says it is in; never the other way round. */
function linkCaller({ fields: { traceparent } }: ReceivedRequest): void {
  if (traceparent === undefined) return;
  currentSpan().link(readTraceparent(traceparent));
}

function answerAny(
  request: Request,
  received: ReceivedRequest,
  { progress, options }: {
    readonly progress: Progress;
    readonly options: MetadataHandlerOptions;
  },
): Awaitable<Answer> {
  if (received.target === "/healthz") return answerHealth(progress, options);
  const { inFlight } = options;
  if (!inFlight.enter(progress.address)) {
    return refusal("overload", "Too many requests at once; try again");
  }
  return endingWith(
    () => answerRequest(received, { request, progress, options }),
    () => inFlight.leave(progress.address),
  );
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
