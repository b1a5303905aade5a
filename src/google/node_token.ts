import type { AskUpstream } from "../core/upstream.ts";
import { MintError } from "../core/mint.ts";
import { V1 } from "../core/route.ts";
import type { Token } from "../core/token.ts";

/**
 * Creates the source of the node's own access token, at the metadata server.
 *
 * The token is used to call IAM, and never answered to a pod. Concurrent calls
 * share one request.
 *
 * @param askUpstream Asks the metadata server.
 * @param now Current time, in milliseconds since the Unix epoch.
 * @returns A function that fetches the token; it throws {@linkcode MintError}
 * `node-credentials` if there is none.
 */
export function createNodeTokenSource(
  askUpstream: AskUpstream,
  now: () => number,
): () => Promise<Token> {
  let flight: Promise<Token> | undefined;
  return () => {
    flight ??= fetchNodeToken(askUpstream, now).finally(() =>
      flight = undefined
    );
    return flight;
  };
}

async function fetchNodeToken(
  askUpstream: AskUpstream,
  now: () => number,
): Promise<Token> {
  const askedAtMs = now();
  try {
    const answer = await askUpstream({
      path: `${V1}instance/service-accounts/default/token`,
    });
    if (answer.status !== 200) {
      throw new MetadataStatusError(answer.status);
    }
    return decodeNodeToken(answer.body, askedAtMs);
  } catch (cause) {
    const isRefusal = cause instanceof MetadataStatusError &&
      cause.status < 500 && cause.status !== 429;
    throw new MintError(
      "node-credentials",
      "The node has no usable credentials of its own",
      { cause, isTransient: !isRefusal },
    );
  }
}

/** The server is there, and has no token to give. */
class MetadataStatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The metadata server answered ${status}`);
    this.status = status;
  }
}

function decodeNodeToken(body: string, askedAtMs: number): Token {
  const answer = parseJson(body);
  if (
    typeof answer === "object" && answer !== null &&
    "access_token" in answer && typeof answer.access_token === "string" &&
    "expires_in" in answer && typeof answer.expires_in === "number"
  ) {
    return {
      value: answer.access_token,
      expiresAtMs: askedAtMs + answer.expires_in * 1000,
    };
  }
  throw new Error("The metadata server's token answer has an unknown form");
}

/** Gives `undefined` for what is no JSON: the parser's message would quote the token. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
