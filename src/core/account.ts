import type { Language } from "./language.ts";

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

const ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789";

/** For each state, the characters that may follow, and the state behind them. */
const STATES: readonly (readonly (readonly [string, number])[])[] = [
  [[ALPHANUMERIC, 1]],
  [[`${ALPHANUMERIC}._-`, 1], ["@", 2]],
  [[ALPHANUMERIC, 3]],
  [[`${ALPHANUMERIC}-`, 3], [".", 4]],
  [[ALPHANUMERIC, 5]],
  [[`${ALPHANUMERIC}-`, 5], [".", 4]],
];

const BEHIND_AT = 2;

/** Behind a whole domain. */
const END = 5;

/** What {@linkcode isAccountEmail} takes. */
export const ACCOUNT_EMAILS: Language = {
  alphabet: [...`${ALPHANUMERIC}._-@`],
  maxLength: MAX_LENGTH,
  next: (state, char) =>
    STATES[state]?.find(([chars]) => chars.includes(char))?.[1],
  isEnd: (state) => state === END,
};

/**
 * The e-mails of one domain, such as a project's.
 *
 * @param domain What stands behind the `@`.
 */
export function accountsIn(domain: string): Language {
  return {
    alphabet: ACCOUNT_EMAILS.alphabet,
    maxLength: MAX_LENGTH,
    next: (state, char) => {
      if (state < BEHIND_AT) return ACCOUNT_EMAILS.next(state, char);
      return domain[state - BEHIND_AT] === char ? state + 1 : undefined;
    },
    isEnd: (state) => state === BEHIND_AT + domain.length,
  };
}
