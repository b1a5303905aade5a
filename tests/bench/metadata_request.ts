import assert from "node:assert/strict";
import { fetchFixed, type FixedAnswer } from "./fixed_answer.ts";

/** Header fields that every request to a metadata server has. */
export const METADATA_HEADERS: Readonly<Record<string, string>> = {
  "Metadata-Flavor": "Google",
};

/** What clients ask for most, and how a right answer to it is known. */
export interface Question {
  /** Path, from the slash on. */
  readonly path: string;
  /** Status of a right answer. */
  readonly status: number;
  /** What the body of a right answer looks like. */
  readonly body: RegExp;
}

const V1 = "/computeMetadata/v1/";
const ACCOUNT = `${V1}instance/service-accounts/default/`;

/** Access token of the caller, which IAM has minted. */
export const TOKEN_QUESTION: Question = {
  path: `${ACCOUNT}token`,
  status: 200,
  body: /^\{"access_token":"ya29\.c\.iam-[0-9a-f]{32}x*","expires_in":\d{4},/,
};

/** E-mail of the caller's account. */
export const EMAIL_QUESTION: Question = {
  path: `${ACCOUNT}email`,
  status: 200,
  body: /^app@demo-proj\.iam\.gserviceaccount\.com$/,
};

/** All of the caller's account, which is what Google's client for Python asks first. */
export const LISTING_QUESTION: Question = {
  path: `${ACCOUNT}?recursive=true`,
  status: 200,
  body: /^\{"aliases":.*"email":"app@demo-proj\.iam\.gserviceaccount\.com"/,
};

/** Access token of a caller whose namespace does not allow its account. */
export const REFUSED_QUESTION: Question = {
  path: `${ACCOUNT}token`,
  status: 403,
  body: /"reason":"namespace-denied"/,
};

/** A value that only the real metadata server knows, and that is asked for each time. */
export const LEAF_QUESTION: Question = {
  path: `${V1}instance/machine-type`,
  status: 200,
  body: /^projects\/\d+\/machineTypes\/e2-standard-4$/,
};

/**
 * Asks once, over a connection of its own, and sees that the answer is right.
 *
 * @param port Port of 127.0.0.1.
 * @param question What to ask.
 * @throws If the answer is another.
 */
export async function askRightly(
  port: number,
  { path, status, body }: Question,
): Promise<FixedAnswer> {
  const answer = await fetchFixed(port, path, METADATA_HEADERS);
  assert.equal(answer.status, status, `${path}: ${answer.body}`);
  assert.match(answer.body, body, `${path}: ${answer.body}`);
  return answer;
}
