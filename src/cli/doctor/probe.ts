import type { Clock } from "../../core/clock.ts";
import { startDeadline } from "../../core/deadline.ts";
import { KubernetesApiError } from "../../kubernetes/api_client.ts";
import { describeError } from "../../telemetry/log.ts";

/** What came of looking at something outside this process. */
export type Outcome<T> =
  | { readonly kind: "got"; readonly value: T }
  | {
    readonly kind: "failed";
    /** Whatever was thrown. */
    readonly error: unknown;
  }
  | {
    readonly kind: "skipped";
    /** Why it was not tried. */
    readonly reason: string;
  };

/** How {@linkcode probe} limits what it tries. */
export interface ProbeOptions {
  /** Time. */
  readonly clock: Clock;
  /** Most that it may take, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Tries something for a limited time.
 *
 * @typeParam T What is learned.
 * @param work Does it; what goes on when the signal fires is not waited for.
 * @param options Time and limit.
 * @returns What was learned, or why not; never rejects.
 */
export async function probe<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { clock, limitMs }: ProbeOptions,
): Promise<Outcome<T>> {
  const deadline = startDeadline(clock, {
    ms: limitMs,
    reason: () => new Error(`No answer within ${limitMs / 1_000} seconds`),
  });
  const late = Promise.withResolvers<never>();
  deadline.signal.addEventListener(
    "abort",
    () => late.reject(deadline.signal.reason),
  );
  try {
    return {
      kind: "got",
      value: await Promise.race([work(deadline.signal), late.promise]),
    };
  } catch (error) {
    return { kind: "failed", error };
  } finally {
    deadline.stop();
  }
}

/**
 * Does something with what was learned, if it was.
 *
 * @typeParam T What was learned.
 * @typeParam U What comes of it.
 * @param outcome What came of a probe.
 * @param use Takes what was learned.
 */
export function mapOutcome<T, U>(
  outcome: Outcome<T>,
  use: (value: T) => U,
): Outcome<U> {
  return outcome.kind === "got"
    ? { kind: "got", value: use(outcome.value) }
    : outcome;
}

/**
 * Says in one clause why something was not learned.
 *
 * @param outcome What came of the probe.
 * @param right What of the API server it needs, such as `list pods`.
 */
export function describeMiss(
  outcome: Exclude<Outcome<unknown>, { kind: "got" }>,
  right?: string,
): string {
  if (outcome.kind === "skipped") return outcome.reason;
  const { error } = outcome;
  const isRefused = error instanceof KubernetesApiError && error.status === 403;
  return isRefused && right !== undefined
    ? `RBAC: this account may not ${right}`
    : describeError(error);
}
