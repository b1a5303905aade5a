import type { Clock } from "../core/clock.ts";
import { chooseClaimant, type Lookup, type Pod } from "../core/pod.ts";
import { TokenBucket } from "../core/token_bucket.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import type { ApiClient } from "./api_client.ts";

/** What {@linkcode createLiveLookup} needs. */
export interface LiveLookupOptions {
  /** Reads from the API server. */
  readonly api: ApiClient;
  /** Name of the node, or empty for all nodes. */
  readonly node: string;
  /** Takes from a pod object what is kept. */
  readonly decode: (object: unknown) => Pod | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Takes a line for each failure. */
  readonly log: Log;
  /** Told of each lookup: kind of the answer, `limited` if it was not asked, or `failed`. */
  readonly onLookup: (outcome: string) => void;
}

const PER_SECOND = 5;

/**
 * Creates the function that asks the API server itself which pod has an address.
 *
 * Its answer is used for the requests that wait, and never put into the index: it
 * could be older than what the watch tells next.
 *
 * @param options Collaborators.
 * @returns A function that gives `undefined` if the server did not answer, or
 * was asked too often: five times a second for the whole node.
 */
export function createLiveLookup(
  options: LiveLookupOptions,
): (address: string, signal: AbortSignal) => Promise<Lookup | undefined> {
  const { api, node, decode, clock, log, onLookup } = options;
  const bucket = new TokenBucket(PER_SECOND, PER_SECOND);
  return async (address, signal) => {
    if (!bucket.take(clock.now())) {
      onLookup("limited");
      return undefined;
    }
    const selector = [
      `status.podIP=${address}`,
      ...(node === "" ? [] : [`spec.nodeName=${node}`]),
    ];
    const query = new URLSearchParams({ fieldSelector: selector.join(",") });
    try {
      const list = await api.read(`/api/v1/pods?${query}`, signal);
      const lookup = chooseClaimant(
        decodePods(list, decode).filter((pod) =>
          pod.addresses.includes(address)
        ),
      );
      onLookup(lookup.kind);
      return lookup;
    } catch (error) {
      onLookup("failed");
      if (!signal.aborted) {
        log("warn", "Cannot look up a pod", { error: describeError(error) });
      }
      return undefined;
    }
  };
}

function decodePods(
  list: unknown,
  decode: (object: unknown) => Pod | undefined,
): Pod[] {
  const items = typeof list === "object" && list !== null && "items" in list
    ? list.items
    : [];
  if (!Array.isArray(items)) return [];
  return items.map(decode).filter((pod) => pod !== undefined);
}
