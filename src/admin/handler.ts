import type { Condition } from "../core/condition.ts";
import { answerDebug, type DebugOptions } from "./debug_handler.ts";
import { conditionsText, type Health, healthText } from "./health.ts";

/** What the admin listener tells. */
export interface AdminHandlerOptions {
  /** What a health probe is told. */
  readonly health: () => Health;
  /** What must be so before the daemon is ready. */
  readonly conditions: () => readonly Condition[];
  /** What is told below `/debug/`; left out if debugging is off. */
  readonly debug?: DebugOptions;
  /** All metrics, in Prometheus' text format. */
  readonly metrics: {
    readonly contentType: string;
    render(): Promise<string>;
  };
}

/**
 * Creates the handler of the admin listener, which pods do not reach.
 *
 * `/healthz` says that the process lives, `/readyz` whether it can serve, with
 * each condition if it cannot or if `verbose` is asked, `/metrics` the metrics;
 * `answerDebug` says what `/debug/` tells, and to whom.
 *
 * @param options What to tell.
 */
export function createAdminHandler(
  options: AdminHandlerOptions,
): (
  request: Request,
  info: { readonly remoteAddr: Deno.Addr },
) => Promise<Response> {
  return async (request, info) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, "Method Not Allowed\n", {
        headers: { "Allow": "GET, HEAD" },
      });
    }
    // A Host header that is no host makes the URL malformed.
    const url = URL.parse(request.url);
    if (url === null) return answer(400, "Bad Request\n");
    const { pathname, searchParams } = url;
    switch (pathname) {
      case "/healthz":
        return answer(200, healthText(options.health()), {
          headers: { "Content-Type": "application/json" },
        });
      case "/readyz":
        return answerReady(options.conditions(), {
          verbose: searchParams.has("verbose"),
        });
      case "/metrics":
        return answer(200, await options.metrics.render(), {
          headers: { "Content-Type": options.metrics.contentType },
        });
      default:
        return (options.debug &&
          answerDebug(url, info.remoteAddr, options.debug)) ??
          answer(404, "Not Found\n");
    }
  };
}

function answerReady(
  conditions: readonly Condition[],
  options: { readonly verbose: boolean },
): Response {
  const ready = conditions.every((condition) => condition.ok);
  const verdict = ready ? "ok\n" : "not ready\n";
  const text = ready && !options.verbose
    ? verdict
    : conditionsText(conditions) + verdict;
  return answer(ready ? 200 : 503, text);
}

function answer(
  status: number,
  body: string,
  options?: { readonly headers: Readonly<Record<string, string>> },
): Response {
  return new Response(body, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      ...options?.headers,
    },
  });
}
