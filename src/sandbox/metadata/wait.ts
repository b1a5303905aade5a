import type { SandboxSleep } from "../fault_plan.ts";
import { computeEntryEtag } from "./entry.ts";
import type { MetadataTarget } from "./query.ts";
import type { MetadataValue } from "./tree.ts";

/** What waiting for a change needs. */
export interface WaitOptions {
  /** Reads the value again; `undefined` when it is gone. */
  readonly read: () => MetadataValue | undefined;
  /** Calls a listener after every change of the tree, and returns how to end that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Waits for `timeout_sec`. */
  readonly sleep: SandboxSleep;
  /** Aborts once nobody listens any more, at the latest after the answer. */
  readonly gone: AbortSignal;
}

/**
 * Waits until a value differs from the one that the client has.
 *
 * Without `last_etag` that is the value of now. A value that changes and changes back is still
 * seen, since it is read while it changes.
 *
 * @param value Value of now.
 * @param target Target of the request, with `last_etag` and `timeout_sec`.
 * @param options How to read, and whom to ask for changes.
 * @returns The changed value, the value as it is at the time-out, or `undefined` if it is gone.
 */
export async function awaitChange(
  value: MetadataValue,
  target: MetadataTarget,
  options: WaitOptions,
): Promise<MetadataValue | undefined> {
  const { lastEtag, timeoutSeconds } = target.query;
  const etag = computeEntryEtag(value, target);
  if (options.gone.aborted) return value;
  if (lastEtag !== undefined && lastEtag !== etag) return value;
  const { promise, resolve } = Promise.withResolvers<
    MetadataValue | undefined
  >();
  const unsubscribe = options.subscribe(() => {
    const next = options.read();
    if (next === undefined || computeEntryEtag(next, target) !== etag) {
      resolve(next);
    }
  });
  const giveUp = (): void => resolve(options.read());
  options.gone.addEventListener("abort", giveUp, { once: true });
  if (timeoutSeconds !== undefined) {
    options.sleep(timeoutSeconds * 1000, options.gone).then(giveUp, giveUp);
  }
  try {
    return await promise;
  } finally {
    unsubscribe();
    options.gone.removeEventListener("abort", giveUp);
  }
}
