/** One token in memory, without the token. */
export interface TokenView {
  /** `access-token` or `id-token`. */
  readonly kind: string;
  /** E-mail of its account. */
  readonly account: string;
  /** Its scopes, or its audience. */
  readonly detail: string;
  /** When it ends, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Seconds that it had when it was minted. */
  readonly lifetimeSeconds: number;
  /** Where it stands in its life. */
  readonly phase: string;
  /** Number of pods that asked for it. */
  readonly holders: number;
}

/** One request of a pod and its answer. */
export interface RequestView {
  /** When it was answered, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Path, with what varies left out. */
  readonly route: string;
  /** Method as sent. */
  readonly method: string;
  /** HTTP status. */
  readonly status: number;
  /** Reason code of a refusal. */
  readonly reason: string | undefined;
  /** Canonical address of the caller. */
  readonly address: string;
  /** The caller as `namespace/name`, if it was asked for and found. */
  readonly pod: string | undefined;
  /** Account that it was allowed. */
  readonly account: string | undefined;
  /** Milliseconds to the answer. */
  readonly durationMs: number;
  /** Trace of the request, if it was traced. */
  readonly traceId: string | undefined;
}
