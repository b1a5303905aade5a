import type { Mint, MintRequest } from "../core/mint.ts";
import { isRecord } from "../core/record.ts";
import type { Token } from "../core/token.ts";
import { statusOf, toMintError } from "./iam_error.ts";
import type { SourceClient } from "./source_client.ts";

/** How {@linkcode createImpersonation} calls IAM. */
export interface ImpersonationOptions {
  /** Base URL of the IAM Credentials API, without trailing slash. */
  readonly endpoint: string;
  /** Wanted lifetime of access tokens, in milliseconds. */
  readonly lifetimeMs: number;
  /** E-mails of the accounts in between, first the one that the node may act as. */
  readonly delegates: readonly string[];
}

/**
 * Creates the minter that asks IAM for each token.
 *
 * The calls are made here rather than by the library's `Impersonated`, which has
 * no signal for a single call, retries on its own, mints anew for each
 * concurrent caller and prints a warning for each account; signing them with the
 * node's credentials is the library's part.
 *
 * @param source Calls Google with the node's own credentials.
 * @param options Where and how; asked for each time, so that it can change.
 * @param now Current time, in milliseconds since the Unix epoch.
 * @returns A minter that makes one call each time, and one more if IAM refuses
 * the node's access token (revoked, or a clock that jumped).
 * @see {@link https://cloud.google.com/iam/docs/reference/credentials/rest}
 */
export function createImpersonation(
  source: SourceClient,
  options: () => ImpersonationOptions,
  now: () => number,
): Mint {
  return async (request, signal) => {
    const { endpoint, ...rest } = options();
    const call = {
      url: `${endpoint}/v1/projects/-/serviceAccounts/${request.account}:${
        methodOf(request)
      }`,
      body: bodyOf(request, rest),
      signal,
    };
    const askedAtMs = now();
    try {
      const answer = await source.post(call).catch((error) => {
        if (statusOf(error) !== 401) throw error;
        source.forgetToken();
        return source.post(call);
      });
      return request.kind === "access-token"
        ? decodeAccessToken(answer, askedAtMs + rest.lifetimeMs)
        : decodeIdToken(answer, askedAtMs);
    } catch (error) {
      signal.throwIfAborted();
      throw toMintError(error, { account: request.account, nowMs: now() });
    }
  };
}

function methodOf(request: MintRequest): string {
  return request.kind === "access-token"
    ? "generateAccessToken"
    : "generateIdToken";
}

function bodyOf(
  request: MintRequest,
  options: Omit<ImpersonationOptions, "endpoint">,
): object {
  const delegates = options.delegates.length === 0 ? {} : {
    delegates: options.delegates.map((account) =>
      `projects/-/serviceAccounts/${account}`
    ),
  };
  return request.kind === "access-token"
    ? {
      ...delegates,
      scope: request.scopes,
      lifetime: `${Math.floor(options.lifetimeMs / 1000)}s`,
    }
    : { ...delegates, audience: request.audience, includeEmail: true };
}

/** What IAM says of the end goes by its own clock, and the node's may be behind. */
function decodeAccessToken(answer: unknown, latestMs: number): Token {
  if (
    typeof answer === "object" && answer !== null &&
    "accessToken" in answer && typeof answer.accessToken === "string" &&
    "expireTime" in answer && typeof answer.expireTime === "string"
  ) {
    const expiresAtMs = Math.min(Date.parse(answer.expireTime), latestMs);
    if (answer.accessToken !== "" && !Number.isNaN(expiresAtMs)) {
      return { value: answer.accessToken, expiresAtMs };
    }
  }
  throw new Error("IAM's answer to generateAccessToken has an unknown form");
}

function decodeIdToken(answer: unknown, askedAtMs: number): Token {
  if (
    typeof answer === "object" && answer !== null &&
    "token" in answer && typeof answer.token === "string"
  ) {
    const expiresAtMs = readExpiry(answer.token, askedAtMs);
    if (expiresAtMs !== undefined) return { value: answer.token, expiresAtMs };
  }
  throw new Error("IAM's answer to generateIdToken has an unknown form");
}

/** Reads `exp` and `iat` of a JWT; IAM gives no expiry beside it. */
function readExpiry(jwt: string, askedAtMs: number): number | undefined {
  const payload = jwt.split(".")[1];
  if (payload === undefined) return undefined;
  const text = new TextDecoder().decode(
    Uint8Array.fromBase64(payload, { alphabet: "base64url" }),
  );
  const claims: unknown = JSON.parse(text);
  if (!isRecord(claims)) return undefined;
  const { exp, iat } = claims;
  if (typeof exp !== "number") return undefined;
  const latestMs = typeof iat === "number"
    ? askedAtMs + (exp - iat) * 1000
    : Infinity;
  return Math.min(exp * 1000, latestMs);
}
