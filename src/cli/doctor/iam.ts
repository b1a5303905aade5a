import { grantCommand } from "../../core/iam_role.ts";
import { MintError } from "../../core/mint.ts";
import { reasonOf } from "../../google/iam_error.ts";
import { type Attempt, type Attempts, isGeneral } from "./accounts.ts";
import { failed, type Finding, notChecked, ok } from "./finding.ts";
import { SCOPES_FIX } from "./metadata_server.ts";

const NAME = "IAM Credentials API";
const ACCOUNT = "account";

/** What findings about IAM name. */
export interface IamContext {
  /** Where it is called. */
  readonly endpoint: string;
  /** Project of the node, if known. */
  readonly projectId: string | undefined;
  /** Whom IAM sees calling: the node's account, if known. */
  readonly caller: string | undefined;
  /** Accounts of the delegation chain, first to last. */
  readonly delegates: readonly string[];
  /** Account of pods without an annotation, if there is one. */
  readonly defaultAccount: string | undefined;
}

/**
 * Judges whether IAM can be called, and whether the node may act as each account.
 *
 * @param attempts What calling it came to.
 * @param context What can be named.
 * @returns One finding of the API, then one an account.
 */
export function judgeIam(
  attempts: Attempts,
  context: IamContext,
): readonly Finding[] {
  const byAccount = Map.groupBy(attempts.accounts, ({ account }) => account);
  return [
    judgeApi(attempts.first, context),
    ...[...byAccount].map(([account, tried]) =>
      judgeAccount(account, tried, context)
    ),
  ];
}

function judgeApi(
  first: Attempt | undefined,
  { endpoint, projectId = "PROJECT" }: IamContext,
): Finding {
  if (first === undefined) {
    return notChecked(NAME, "there is no account to try");
  }
  const { outcome } = first;
  if (outcome.kind === "skipped") return notChecked(NAME, outcome.reason);
  if (outcome.kind === "got" || !isGeneral(outcome.error)) {
    return ok(NAME, `answers at ${endpoint}`);
  }
  const { error } = outcome;
  const cause = error instanceof Error ? error.cause : undefined;
  switch (reasonOf(cause)) {
    case "SERVICE_DISABLED":
      return failed(
        NAME,
        `it is not enabled in project ${projectId}`,
        `gcloud services enable iamcredentials.googleapis.com --project=${projectId}`,
      );
    case "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
      return failed(
        NAME,
        "it does not take the node's credentials, which lack the scope cloud-platform",
        SCOPES_FIX,
      );
  }
  return error instanceof MintError && error.failure === "node-credentials"
    ? failed(
      NAME,
      describeMint(error),
      "See what the metadata server says of the node's account, and whether the account is disabled",
    )
    : failed(
      NAME,
      `${endpoint}: ${describeMint(error)}`,
      "See whether a firewall is in between; without external addresses, nodes need Private Google Access",
    );
}

function judgeAccount(
  account: string,
  tried: readonly Attempt[],
  context: IamContext,
): Finding {
  const subject = `${account}: ${roleOf(account, context)}`;
  const bad = tried.find(({ outcome }) => outcome.kind !== "got");
  if (bad === undefined || bad.outcome.kind === "got") {
    return ok(ACCOUNT, `${subject}the node may act as it`);
  }
  const { outcome, scopes } = bad;
  if (outcome.kind === "skipped" || isGeneral(outcome.error)) {
    return notChecked(
      ACCOUNT,
      subject +
        (outcome.kind === "skipped"
          ? outcome.reason
          : describeMint(outcome.error)),
    );
  }
  const { error } = outcome;
  if (error instanceof MintError && error.failure === "iam-rejected") {
    return failed(
      ACCOUNT,
      `${subject}${error.message}: ${scopes.join(", ")}`,
      "Correct the scopes in the annotation of its pods, or defaults.scopes",
    );
  }
  const { caller = "NODE_ACCOUNT", delegates } = context;
  return failed(
    ACCOUNT,
    subject + (error instanceof Error ? error.message : String(error)),
    grantCommand(account, delegates.at(-1) ?? caller),
  );
}

/** As the log has it, but for the library's copy of the answer, which is no error. */
function describeMint(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    messages.push(at.message);
  }
  return messages.join(": ");
}

function roleOf(
  account: string,
  { defaultAccount, caller }: IamContext,
): string {
  if (account !== defaultAccount) return "";
  return account === caller
    ? "the default one, and the node's own: "
    : "the default one: ";
}
