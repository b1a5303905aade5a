import { type Awaitable, orElse, whenThere } from "../core/awaitable.ts";
import { MintError, type MintRequest } from "../core/mint.ts";
import type { Decision } from "../core/policy.ts";
import { treeToText } from "../core/metadata_tree.ts";
import { isOn, type Query } from "../core/query.ts";
import { ACCOUNT_ENTRIES, type AccountEntry } from "../core/route.ts";
import { canonicalScopes, containsScopes } from "../core/scopes.ts";
import { secondsLeft, type Token } from "../core/token.ts";
import {
  type Answer,
  badParameter,
  refusal,
  tokenAnswer,
  tokenTextAnswer,
} from "./answer.ts";
import { leafAnswer, listingAnswer, treeAnswer } from "./value_answers.ts";

/** Path of the accounts; below it keys are data and never converted. */
const ACCOUNTS = "instance/service-accounts";

/** The account that the policy allows to the caller. */
export type Allowed = Extract<Decision, { outcome: "allow" }>;

/** What is needed to answer for tokens. */
export interface TokenAnswerOptions {
  /** Obtains a token for the caller. */
  readonly mint: (request: MintRequest) => Awaitable<Token>;
  /** Current time, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const NO_WAIT = "A token cannot be waited for";
const MAX_AUDIENCE = 2_048;
const MAX_SCOPES = 4_096;

/**
 * Lists the caller's accounts.
 *
 * @param allowed The account the caller may have, or `undefined` if it has none.
 * @param query Parsed query.
 */
export function answerAccounts(
  allowed: Allowed | undefined,
  query: Query,
): Answer {
  if (isOn(query, "recursive")) {
    return treeAnswer(accountsTree(allowed), { path: ACCOUNTS, query });
  }
  const names = allowed === undefined
    ? []
    : [`${allowed.account}/`, "default/"];
  return listingAnswer(names, query);
}

/**
 * Describes the caller's accounts as recursive answers do.
 *
 * @param allowed The account the caller may have, or `undefined` if it has none.
 */
export function accountsTree(
  allowed: Allowed | undefined,
): Readonly<Record<string, AccountTree>> {
  if (allowed === undefined) return {};
  return {
    [allowed.account]: accountTree(allowed),
    default: accountTree(allowed),
  };
}

/** One account in a recursive answer: no token and no identity. */
export type AccountTree = {
  /** Other names of the account. */
  readonly aliases: readonly string[];
  /** E-mail of the account. */
  readonly email: string;
  /** Scopes of its tokens. */
  readonly scopes: readonly string[];
};

function accountTree(allowed: Allowed): AccountTree {
  return {
    aliases: ["default"],
    email: allowed.account,
    scopes: allowed.scopes,
  };
}

/**
 * Lists one account's entries.
 *
 * @param allowed The account the caller may have.
 * @param query Parsed query.
 */
export function answerAccount(allowed: Allowed, query: Query): Answer {
  if (isOn(query, "recursive")) {
    return treeAnswer(accountTree(allowed), {
      path: `${ACCOUNTS}/default`,
      query,
    });
  }
  return listingAnswer(ACCOUNT_ENTRIES, query);
}

/**
 * Answers for one entry of an account.
 *
 * @param entry The entry.
 * @param allowed The account the caller may have.
 * @param options `query`, and what is needed for tokens.
 */
export function answerEntry(
  entry: AccountEntry,
  allowed: Allowed,
  options: TokenAnswerOptions & { readonly query: Query },
): Awaitable<Answer> {
  const { query } = options;
  switch (entry) {
    case "aliases":
      return leafAnswer(["default"], query);
    case "scopes":
      return leafAnswer(allowed.scopes, query);
    case "email":
      return leafAnswer(allowed.account, query);
    case "token":
      if (isOn(query, "wait_for_change")) return badParameter(NO_WAIT);
      return answerToken(allowed, options);
    case "identity":
      if (isOn(query, "wait_for_change")) return badParameter(NO_WAIT);
      return answerIdentity(allowed, options);
  }
}

function answerToken(
  allowed: Allowed,
  options: TokenAnswerOptions & { readonly query: Query },
): Awaitable<Answer> {
  const { query, now } = options;
  const enforce = query.get("enforce_scopes")?.toLowerCase();
  if (enforce !== undefined && !["true", "1", "yes", "y"].includes(enforce)) {
    return badParameter("enforce_scopes must be true");
  }
  const scopes = chooseScopes(query.get("scopes") ?? "", allowed.scopes);
  if (scopes === undefined) return badParameter("Invalid scopes");
  const request: MintRequest = {
    kind: "access-token",
    account: allowed.account,
    scopes,
  };
  return withToken(request, options, (token) => {
    const left = secondsLeft(token, now());
    if (left < 1) {
      return refusal("iam-unavailable", "The token is over; try again");
    }
    if (query.get("alt") !== "text") return tokenAnswer(token, left);
    const fields = {
      access_token: token.value,
      expires_in: left,
      token_type: "Bearer",
    };
    return tokenTextAnswer(treeToText(fields, ACCOUNTS), "application/text");
  });
}

/**
 * Chooses what to mint: the requested scopes if the caller has them all, else
 * the caller's own set, as a virtual machine does. Never anything outside it.
 */
function chooseScopes(
  requested: string,
  own: readonly string[],
): readonly string[] | undefined {
  if (requested === "") return own;
  if (requested.length > MAX_SCOPES) return undefined;
  const words = requested.split(",").filter((word) => word !== "");
  if (words.length === 0) return own;
  const scopes = canonicalScopes(words);
  if (scopes === undefined) return undefined;
  return containsScopes(own, scopes) ? scopes : own;
}

function answerIdentity(
  allowed: Allowed,
  options: TokenAnswerOptions & { readonly query: Query },
): Awaitable<Answer> {
  const { query } = options;
  const audience = query.get("audience") ?? "";
  if (audience === "") {
    return badParameter("non-empty audience parameter required");
  }
  if (audience.length > MAX_AUDIENCE) {
    return badParameter("audience is too long");
  }
  const format = query.get("format")?.toLowerCase() ?? "standard";
  if (format !== "standard" && format !== "full") {
    return badParameter("format must be standard or full");
  }
  const request: MintRequest = {
    kind: "id-token",
    account: allowed.account,
    audience,
    format,
    licenses: isOn(query, "licenses"),
  };
  return withToken(
    request,
    options,
    (token) => tokenTextAnswer(token.value, "text/html"),
  );
}

/** Mints, and turns a failure into its refusal. */
function withToken(
  request: MintRequest,
  options: TokenAnswerOptions,
  answer: (token: Token) => Answer,
): Awaitable<Answer> {
  return orElse(
    () => whenThere(options.mint(request), answer),
    (error) => {
      if (!(error instanceof MintError)) throw error;
      return error.reason === undefined
        ? { ...badParameter(error.message), cause: error.cause }
        : refusal(error.reason, error.message, { cause: error.cause });
    },
  );
}
