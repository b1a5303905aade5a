import type { AnswerFault } from "./fault_plan.ts";
import type { Answer, Exchange } from "./loopback_server.ts";

/** How a server answers, with and without a fault. */
export interface Responder {
  /** Makes the proper answer; not called when a fault replaces it. */
  readonly answer: () => Promise<Answer>;
  /** Makes an error with this status in the server's own format. */
  readonly renderStatus: (status: number) => Answer;
}

/**
 * Answers a request, properly or as a fault wants it.
 *
 * @param exchange Request to answer; left alone when its client is gone.
 * @param options The fault it has met, and the server's side of it.
 * @returns The status that was sent, or `undefined` if none was.
 */
export async function respond(
  exchange: Exchange,
  options: Responder & { readonly fault: AnswerFault | undefined },
): Promise<number | undefined> {
  const { fault } = options;
  if (exchange.gone.aborted) return undefined;
  if (fault?.kind === "reset") {
    exchange.reset();
    return undefined;
  }
  const answer = await makeAnswer(options);
  if (exchange.gone.aborted) return undefined;
  if (fault?.kind === "cut") exchange.sendCut(answer);
  else exchange.send(answer);
  return answer.status;
}

async function makeAnswer(
  options: Responder & { readonly fault: AnswerFault | undefined },
): Promise<Answer> {
  const { fault } = options;
  if (fault?.kind === "status") {
    const answer = options.renderStatus(fault.status);
    return { ...answer, headers: { ...answer.headers, ...fault.headers } };
  }
  if (fault?.kind === "html") {
    return {
      status: fault.status,
      headers: { "Content-Type": "text/html; charset=UTF-8" },
      body: `<!DOCTYPE html>\n<html><title>Error ${fault.status}</title>\n` +
        "<p>The server encountered a temporary error. Please try again later.</html>\n",
    };
  }
  const answer = await options.answer();
  return fault?.kind === "garbage"
    ? { ...answer, body: "{ this does not parse" }
    : answer;
}
