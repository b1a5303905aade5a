/** Longest e-mail address, as RFC 5321 bounds it; a bound on what reaches a URL. */
const MAX_LENGTH = 254;

const ACCOUNT =
  /^[a-z0-9][a-z0-9._-]*@[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$/;

/**
 * Tells whether a text has the form of a Google service account's e-mail.
 *
 * The form is narrow on purpose: an account is placed into a URL, and nothing
 * that could change the URL's path may pass. Google writes these e-mails in
 * lower case.
 *
 * @param text Text to check.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert(isAccountEmail("app@demo-proj.iam.gserviceaccount.com"));
 * assert(!isAccountEmail("app@demo-proj.iam.gserviceaccount.com/../x"));
 * assert(!isAccountEmail("default"));
 * ```
 */
export function isAccountEmail(text: string): boolean {
  return text.length <= MAX_LENGTH && ACCOUNT.test(text);
}
