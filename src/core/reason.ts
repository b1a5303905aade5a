/**
 * Why a caller gets no token: stable codes that appear alike in the response
 * body, the log line, the metric, and the documentation.
 */
export const REASONS = [
  "unknown-caller",
  "ambiguous-caller",
  "host-network",
  "not-synced",
  "stale",
  "no-account",
  "account-malformed",
  "scopes-malformed",
  "namespace-denied",
  "namespace-list-malformed",
  "account-mismatch",
  "iam-denied",
  "iam-unavailable",
  "node-credentials",
  "overload",
] as const;

/** One of {@linkcode REASONS}. */
export type Reason = typeof REASONS[number];
