import type { IamAccounts } from "./accounts.ts";
import {
  createArgumentError,
  createGoogleError,
  type GoogleErrorInfo,
  IAM_CREDENTIALS_SERVICE,
} from "./errors.ts";
import type { IamCallKind, IamOperation } from "./operation.ts";
import type { IamPayload } from "./payload.ts";
import type { Answer } from "../loopback_server.ts";
import type { BearerAccount } from "../token_ledger.ts";

const acceptedScopes = new Set([
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/iam",
]);

const names: Readonly<
  Record<IamCallKind, { readonly method: string; readonly permission: string }>
> = {
  "access-token": {
    method: "google.iam.credentials.v1.IAMCredentials.GenerateAccessToken",
    permission: "iam.serviceAccounts.getAccessToken",
  },
  "id-token": {
    method: "google.iam.credentials.v1.IAMCredentials.GenerateIdToken",
    permission: "iam.serviceAccounts.getOpenIdToken",
  },
};

/** A bearer token that may call the API, or the answer to one that may not. */
export type Admission =
  | { readonly outcome: "admitted"; readonly bearer: BearerAccount }
  | { readonly outcome: "refused"; readonly answer: Answer };

/**
 * Admits a call by its bearer token; refuses a missing, unknown, expired or too narrow one.
 *
 * @param authorization Value of the header, if any.
 * @param options The call, what its token stands for, and the clock.
 */
export function admitBearer(authorization: string | undefined, options: {
  readonly kind: IamCallKind;
  readonly bearer: BearerAccount | undefined;
  readonly nowMs: number;
}): Admission {
  const { bearer, kind } = options;
  if (authorization === undefined) {
    return refuseCredential(kind, "CREDENTIALS_MISSING");
  }
  if (bearer === undefined) {
    return refuseCredential(kind, "ACCESS_TOKEN_TYPE_UNSUPPORTED");
  }
  if (bearer.expiresAtMs <= options.nowMs) {
    return refuseCredential(kind, "ACCESS_TOKEN_EXPIRED");
  }
  if (bearer.scopes.some((scope) => acceptedScopes.has(scope))) {
    return { outcome: "admitted", bearer };
  }
  const answer = createGoogleError(
    403,
    "Request had insufficient authentication scopes.",
    {
      info: describeMethod(kind, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
      headers: {
        "WWW-Authenticate":
          'Bearer realm="https://accounts.google.com/", error="insufficient_scope", ' +
          `scope="${[...acceptedScopes].join(" ")}"`,
      },
    },
  );
  return { outcome: "refused", answer };
}

/**
 * Makes the refusal of a project in which the API is not enabled.
 *
 * @param projectNumber Project that pays for the call.
 */
export function createDisabledError(projectNumber: string): Answer {
  const url =
    `https://console.developers.google.com/apis/api/${IAM_CREDENTIALS_SERVICE}/overview?project=${projectNumber}`;
  return createGoogleError(
    403,
    `IAM Service Account Credentials API has not been used in project ${projectNumber} before ` +
      `or it is disabled. Enable it by visiting ${url} then retry.`,
    {
      details: [{
        "@type": "type.googleapis.com/google.rpc.Help",
        links: [{
          description: "Google developers console API activation",
          url,
        }],
      }],
      info: {
        reason: "SERVICE_DISABLED",
        domain: "googleapis.com",
        metadata: {
          service: IAM_CREDENTIALS_SERVICE,
          consumer: `projects/${projectNumber}`,
        },
      },
    },
  );
}

/**
 * Refuses a caller who may not act as the account, directly or through the delegates.
 *
 * @param operation Operation with the account.
 * @param payload Body with the delegates.
 * @param options Who calls, and who may act as whom.
 * @returns The refusal, or `undefined` to go on.
 */
export function refuseCaller(
  operation: IamOperation,
  payload: IamPayload,
  options: {
    readonly caller: string;
    readonly accounts: IamAccounts;
  },
): Answer | undefined {
  const { accounts } = options;
  if (operation.project !== "-") return createArgumentError();
  const chain: string[] = [];
  for (
    const name of [...payload.delegates.map(stripResource), operation.account]
  ) {
    const email = accounts.find(name);
    if (email === undefined) {
      return createGoogleError(
        404,
        `Not found; Gaia id not found for email ${name}`,
      );
    }
    chain.push(email);
  }
  const missing = accounts.findMissingGrant(options.caller, chain);
  if (missing === undefined) return undefined;
  const permission = missing === chain.length - 1
    ? names[operation.kind].permission
    : "iam.serviceAccounts.implicitDelegation";
  return createGoogleError(
    403,
    `Permission '${permission}' denied on resource (or it may not exist).`,
    {
      info: {
        reason: "IAM_PERMISSION_DENIED",
        domain: "iam.googleapis.com",
        metadata: { permission },
      },
    },
  );
}

/** A delegate is documented as a resource name; a bare e-mail or id is accepted too. */
function stripResource(delegate: string): string {
  return delegate.replace(/^projects\/-\/serviceAccounts\//, "");
}

function refuseCredential(kind: IamCallKind, reason: string): Admission {
  const missing = reason === "CREDENTIALS_MISSING";
  const message = missing
    ? "Request is missing required authentication credential."
    : "Request had invalid authentication credentials.";
  const answer = createGoogleError(
    401,
    `${message} Expected OAuth 2 access token.`,
    {
      info: describeMethod(kind, reason),
      headers: {
        "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"' +
          (missing ? "" : ', error="invalid_token"'),
      },
    },
  );
  return { outcome: "refused", answer };
}

function describeMethod(kind: IamCallKind, reason: string): GoogleErrorInfo {
  return {
    reason,
    domain: "googleapis.com",
    metadata: { service: IAM_CREDENTIALS_SERVICE, method: names[kind].method },
  };
}
