import { createPayloadError } from "./errors.ts";
import type { Answer } from "../loopback_server.ts";

/** Which credential a call asks for. */
export type IamCallKind = "access-token" | "id-token";

/** A method of the API as the path names it. */
export interface IamOperation {
  /** Project of the path; the API accepts only `-`. */
  readonly project: string;
  /** E-mail or unique id of the account. */
  readonly account: string;
  /** Which credential. */
  readonly kind: IamCallKind;
  /** Query keys. */
  readonly queryKeys: readonly string[];
}

const methods: Readonly<Record<string, IamCallKind>> = {
  generateAccessToken: "access-token",
  generateIdToken: "id-token",
};

/** Query parameters that every Google API has. */
const systemParameters = new Set([
  "$.xgafv",
  "access_token",
  "alt",
  "callback",
  "fields",
  "key",
  "oauth_token",
  "prettyPrint",
  "quotaUser",
  "uploadType",
  "upload_protocol",
]);

/**
 * Reads the method and the account from a request target.
 *
 * @param target Target as sent; the `@` may be escaped.
 * @returns `undefined` when the API has no such method.
 */
export function parseOperation(target: string): IamOperation | undefined {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const match = /^\/v1\/projects\/([^/]+)\/serviceAccounts\/([^/:]+):(\w+)$/
    .exec(path);
  const [, project, account, method = ""] = match ?? [];
  const kind = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (project === undefined || account === undefined || kind === undefined) {
    return undefined;
  }
  return {
    project,
    account: account.replace(/%40/g, "@"),
    kind,
    queryKeys: mark < 0
      ? []
      : [...new URLSearchParams(target.slice(mark)).keys()],
  };
}

/**
 * Refuses query keys that the API does not know.
 *
 * @param operation Operation to check.
 * @returns The refusal, or `undefined` to go on.
 */
export function refuseQuery(operation: IamOperation): Answer | undefined {
  const unknown = operation.queryKeys.filter((key) =>
    !systemParameters.has(key)
  );
  if (unknown.length === 0) return undefined;
  return createPayloadError(unknown.map((key) => ({
    description:
      `Invalid JSON payload received. Unknown name ${JSON.stringify(key)}: ` +
      `Cannot bind query parameter. Field '${key}' could not be found in request message.`,
  })));
}
