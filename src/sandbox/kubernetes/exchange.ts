import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action } from "./route.ts";

/** One request with its response, after it was found out what it does. */
export interface KubernetesExchange {
  /** The request; its body is unread. */
  readonly request: IncomingMessage;
  /** The response; nothing has been written. */
  readonly response: ServerResponse;
  /** Target of the request. */
  readonly url: URL;
  /** What the request does. */
  readonly action: Action;
  /** Aborts when the response is over, however it ended. */
  readonly over: AbortSignal;
}
