import {
  createArgumentError,
  createGoogleAnswer,
  createGoogleError,
} from "./errors.ts";
import type { IamCallKind } from "./operation.ts";
import type { IamPayload } from "./payload.ts";
import type { Answer } from "../loopback_server.ts";
import type { SigningKey } from "../signing_key.ts";
import type { TokenLedger } from "../token_ledger.ts";
import { deriveUniqueId } from "../unique_id.ts";

/** What minting needs. */
export interface MintingOptions {
  /** Takes the access tokens. */
  readonly ledger: TokenLedger;
  /** Signs the ID tokens. */
  readonly signingKey: SigningKey;
  /** Current time in milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

const standardLifetimeSeconds = 3600;
const extendedLifetimeSeconds = 43_200;

/** A URL, or one of the three scopes of OpenID Connect. */
const scopeForm = /^(https?:\/\/[!#-[\]-~]+|openid|email|profile)$/;

/**
 * Refuses arguments that are well-formed and still wrong.
 *
 * @param kind Which credential.
 * @param payload Arguments.
 * @param options E-mail of the account, and whose tokens may live for twelve hours.
 * @returns The refusal, or `undefined` to go on.
 */
export function refuseArguments(
  kind: IamCallKind,
  payload: IamPayload,
  options: {
    readonly email: string;
    readonly extendedLifetimeAccounts: readonly string[];
  },
): Answer | undefined {
  if (kind === "id-token") {
    return payload.audience === "" ? createArgumentError() : undefined;
  }
  const { scopes, lifetimeSeconds = standardLifetimeSeconds } = payload;
  if (scopes.length === 0 || !scopes.every((scope) => scopeForm.test(scope))) {
    return createArgumentError();
  }
  const extended = options.extendedLifetimeAccounts.includes(options.email);
  if (lifetimeSeconds <= 0 || lifetimeSeconds > extendedLifetimeSeconds) {
    return createArgumentError();
  }
  if (lifetimeSeconds <= standardLifetimeSeconds || extended) return undefined;
  return createGoogleError(
    400,
    `Access tokens for service account ${options.email} can not have lifetimes of more than ` +
      "1 hour; constraints/iam.allowServiceAccountCredentialLifetimeExtension allows up to 12.",
  );
}

/**
 * Mints an access token and answers with it.
 *
 * @param email Account of the token.
 * @param payload Arguments, already checked.
 * @param options Ledger and clock.
 */
export function answerAccessToken(
  email: string,
  payload: IamPayload,
  options: MintingOptions,
): Answer {
  const lifetimeSeconds = payload.lifetimeSeconds ?? standardLifetimeSeconds;
  const expiresAtMs = (Math.floor(options.nowMs / 1000) + lifetimeSeconds) *
    1000;
  const accessToken = options.ledger.mint({
    account: email,
    scopes: payload.scopes,
    expiresAtMs,
  });
  const expireTime = new Date(expiresAtMs).toISOString().replace(
    /\.\d+Z$/,
    "Z",
  );
  return createGoogleAnswer(200, { accessToken, expireTime });
}

/**
 * Signs an ID token and answers with it.
 *
 * @param email Account of the token.
 * @param payload Arguments, already checked.
 * @param options Key and clock.
 */
export async function answerIdToken(
  email: string,
  payload: IamPayload,
  options: MintingOptions,
): Promise<Answer> {
  const uniqueId = deriveUniqueId(email);
  const issuedAt = Math.floor(options.nowMs / 1000);
  const token = await options.signingKey.sign({
    aud: payload.audience,
    azp: payload.useEmailAzp ? email : uniqueId,
    ...(payload.includeEmail ? { email, email_verified: true } : {}),
    exp: issuedAt + standardLifetimeSeconds,
    iat: issuedAt,
    iss: "https://accounts.google.com",
    sub: uniqueId,
  });
  return createGoogleAnswer(200, { token });
}
