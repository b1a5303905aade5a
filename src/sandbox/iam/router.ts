import type { IamAccounts } from "./accounts.ts";
import {
  admitBearer,
  createDisabledError,
  refuseCaller,
} from "./authorization.ts";
import { createPayloadError } from "./errors.ts";
import {
  answerAccessToken,
  answerIdToken,
  type MintingOptions,
  refuseArguments,
} from "./minting.ts";
import { type IamOperation, refuseQuery } from "./operation.ts";
import type { DecodedPayload } from "./payload.ts";
import type { Answer } from "../loopback_server.ts";
import type { BearerAccount } from "../token_ledger.ts";

/** One call as far as it has been understood. */
export interface IamRequest {
  /** Method and account. */
  readonly operation: IamOperation;
  /** Body. */
  readonly decoded: DecodedPayload;
  /** Value of the authorization header, if any. */
  readonly authorization: string | undefined;
  /** What the bearer token stands for; `undefined` if it is missing or unknown. */
  readonly bearer: BearerAccount | undefined;
}

/** State of the API at the time of a call. */
export interface IamState extends MintingOptions {
  /** Accounts and grants. */
  readonly accounts: IamAccounts;
  /** Whether the calling project has the API. */
  readonly api: "enabled" | "disabled";
  /** Project that pays for the call. */
  readonly projectNumber: string;
  /** Accounts whose tokens may live for up to twelve hours. */
  readonly extendedLifetimeAccounts: readonly string[];
}

/**
 * Answers one call: form first, then who calls, then what is asked, then whether it is granted.
 *
 * @param request The call.
 * @param state What to decide from.
 */
export async function answerIamRequest(
  request: IamRequest,
  state: IamState,
): Promise<Answer> {
  const { operation, decoded, bearer } = request;
  const { kind } = operation;
  const badQuery = refuseQuery(operation);
  if (badQuery !== undefined) return badQuery;
  if (decoded.outcome === "malformed") {
    return createPayloadError(decoded.violations);
  }
  const { payload } = decoded;
  const admitted = admitBearer(request.authorization, {
    kind,
    bearer,
    nowMs: state.nowMs,
  });
  if (admitted.outcome === "refused") return admitted.answer;
  if (state.api === "disabled") return createDisabledError(state.projectNumber);
  const email = state.accounts.find(operation.account) ?? operation.account;
  const { extendedLifetimeAccounts, accounts } = state;
  const refusal =
    refuseArguments(kind, payload, { email, extendedLifetimeAccounts }) ??
      refuseCaller(operation, payload, {
        caller: admitted.bearer.account,
        accounts,
      });
  if (refusal !== undefined) return refusal;
  return kind === "access-token"
    ? answerAccessToken(email, payload, state)
    : await answerIdToken(email, payload, state);
}
