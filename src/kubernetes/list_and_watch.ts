import { isRecord } from "../core/record.ts";
import type { Clock } from "../core/clock.ts";
import { startDeadline } from "../core/deadline.ts";
import { describeError, type Log } from "../telemetry/log.ts";
import { tracedApart } from "../telemetry/otel.ts";
import { type ApiClient, KubernetesApiError } from "./api_client.ts";
import { readJsonLines } from "./json_lines.ts";

/** One collection of the API: which objects, and what is kept of each. */
export interface Collection<T> {
  /** Path of the collection, such as `/api/v1/pods`. */
  readonly path: string;
  /** Field selector, if not all objects are wanted. */
  readonly fieldSelector?: string;
  /** Takes from an object what is kept; `undefined` for one that cannot be used. */
  readonly decode: (object: unknown) => T | undefined;
}

/** What became known of a collection. */
export type CollectionEvent<T> =
  /** A complete list; whatever is not in it is gone. */
  | { readonly kind: "replaced"; readonly items: readonly T[] }
  | { readonly kind: "applied"; readonly item: T }
  | { readonly kind: "removed"; readonly item: T }
  /** The server is there and has nothing new. */
  | { readonly kind: "contact" };

/** What {@linkcode listAndWatch} needs. */
export interface ListAndWatchOptions {
  /** Reads from the API server. */
  readonly api: ApiClient;
  /** Time. */
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Takes a line for each failure. */
  readonly log: Log;
  /** Ends the iteration. */
  readonly signal: AbortSignal;
}

const PAGE_SIZE = 500;
/** A watch without a word for this long is taken for dead: bookmarks come every minute. */
const SILENCE_MS = 4 * 60_000;
/** A watch that held this long was a success, even if nothing happened. */
const STABLE_MS = 5_000;
const PAUSE_MIN_MS = 200;
const PAUSE_MAX_MS = 30_000;
/** The API server itself says a second; somebody in between may say anything. */
const RETRY_AFTER_MAX_MS = 20_000;
/** After a watch that the server ended in order; until the next one is open, nothing is heard. */
const CLEAN_PAUSE_MAX_MS = 1_000;

/**
 * Follows a collection for ever: lists it once, then watches, and lists again
 * when the server no longer knows the version.
 *
 * Failures are logged and retried with jittered, growing pauses, and never
 * thrown. Ends when the signal fires.
 *
 * Not client-node's informer: under Deno that one goes stale for good, without
 * an error, when its connection breaks.
 *
 * @typeParam T What is kept of an object.
 * @param collection What to follow.
 * @param options Collaborators.
 * @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes}
 */
export async function* listAndWatch<T>(
  collection: Collection<T>,
  options: ListAndWatchOptions,
): AsyncGenerator<CollectionEvent<T>, void, void> {
  const { clock, log, signal, random } = options;
  let version: string | undefined;
  let pauseMs = PAUSE_MIN_MS;
  while (!signal.aborted) {
    const startedAtMs = clock.now();
    let maxPauseMs = CLEAN_PAUSE_MAX_MS;
    let leastPauseMs = 0;
    let hadNews = false;
    try {
      if (version === undefined) {
        const list = await tracedApart(
          "list",
          () => listAll(collection, options),
          { facts: { "url.path": collection.path } },
        );
        version = list.version;
        yield { kind: "replaced", items: list.items };
      }
      for await (const news of watch(collection, version, options)) {
        if (isOlder(news.version, version)) {
          throw new WatchError("The server has lost versions");
        }
        version = news.version ?? version;
        hadNews ||= news.event.kind !== "contact";
        yield news.event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isExpired(error)) version = undefined;
      maxPauseMs = PAUSE_MAX_MS;
      leastPauseMs = retryAfterOf(error);
      log("warn", "Lost contact with the API server, will try again", {
        path: collection.path,
        error: describeError(error),
      });
    }
    if (hadNews || clock.now() - startedAtMs >= STABLE_MS) {
      pauseMs = PAUSE_MIN_MS;
    }
    pauseMs = Math.min(pauseMs, maxPauseMs);
    await clock.sleep(Math.max(leastPauseMs, random() * pauseMs), signal);
    pauseMs *= 2;
  }
}

/** A complete list of a collection. */
export interface CollectionList<T> {
  /** Version that a watch can go on from. */
  readonly version: string;
  /** What is kept of each object. */
  readonly items: readonly T[];
}

/**
 * Reads all pages of a collection; without a version in the request, so that none is
 * served from a stale cache.
 *
 * @typeParam T What is kept of an object.
 * @param collection What to list.
 * @param options Collaborators.
 * @throws {KubernetesApiError} If the server answers with an error status.
 */
export async function listAll<T>(
  collection: Collection<T>,
  options: Pick<ListAndWatchOptions, "api" | "signal">,
): Promise<CollectionList<T>> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page = await options.api.read(
      pathOf(collection, { limit: String(PAGE_SIZE), continue: next }),
      options.signal,
    );
    const { version, objects, continueToken } = decodeList(page);
    for (const object of objects) {
      const item = collection.decode(object);
      if (item !== undefined) items.push(item);
    }
    next = continueToken;
    if (next === undefined) return { version, items };
  } while (true);
}

interface News<T> {
  readonly event: CollectionEvent<T>;
  readonly version: string | undefined;
}

/** Yields until the server ends the stream; throws if it breaks, falls silent or reports an error. */
async function* watch<T>(
  collection: Collection<T>,
  version: string,
  options: ListAndWatchOptions,
): AsyncGenerator<News<T>, void, void> {
  const silence = startDeadline(options.clock, {
    ms: SILENCE_MS,
    reason: () => new Error("The watch has fallen silent"),
    outer: options.signal,
  });
  try {
    const body = await options.api.stream(
      pathOf(collection, {
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: version,
        timeoutSeconds: String(Math.round(300 + 300 * options.random())),
      }),
      silence.signal,
    );
    yield { event: { kind: "contact" }, version: undefined };
    for await (const line of readJsonLines(body)) {
      silence.restart();
      const news = decodeNews(line, collection.decode);
      if (news !== undefined) yield news;
    }
  } finally {
    silence.end();
  }
}

function pathOf<T>(
  collection: Collection<T>,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams();
  if (collection.fieldSelector !== undefined) {
    query.set("fieldSelector", collection.fieldSelector);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return `${collection.path}?${query}`;
}

/** The server no longer has the events since our version: only a new list helps. */
function isExpired(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.status === 410 ||
    error instanceof WatchError;
}

/** An overloaded server says when to come back, and is kept to that within reason. */
function retryAfterOf(error: unknown): number {
  return error instanceof KubernetesApiError
    ? Math.min(error.retryAfterMs, RETRY_AFTER_MAX_MS)
    : 0;
}

/** Tells whether a version is before another; versions of our resources are decimal numbers. */
function isOlder(version: string | undefined, than: string): boolean {
  if (version === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) {
    return false;
  }
  return BigInt(version) < BigInt(than);
}

/** An ERROR event in the stream; whatever it is, a new list is right afterwards. */
class WatchError extends Error {}

function decodeNews<T>(
  line: unknown,
  decode: (object: unknown) => T | undefined,
): News<T> | undefined {
  if (!isRecord(line)) {
    throw new WatchError("The watch sent a line of unknown form");
  }
  const { type, object } = line;
  if (type === "ERROR") {
    const message = isRecord(object) ? object["message"] : undefined;
    throw new WatchError(`The watch reported an error: ${String(message)}`);
  }
  const metadata = isRecord(object) ? object["metadata"] : undefined;
  const resourceVersion = isRecord(metadata)
    ? metadata["resourceVersion"]
    : undefined;
  const version = typeof resourceVersion === "string"
    ? resourceVersion
    : undefined;
  if (type === "BOOKMARK") return { event: { kind: "contact" }, version };
  const item = decode(object);
  if (item === undefined) return { event: { kind: "contact" }, version };
  if (type === "DELETED") return { event: { kind: "removed", item }, version };
  if (type === "ADDED" || type === "MODIFIED") {
    return { event: { kind: "applied", item }, version };
  }
  return undefined;
}

function decodeList(page: unknown): {
  readonly version: string;
  readonly objects: readonly unknown[];
  readonly continueToken: string | undefined;
} {
  const metadata = isRecord(page) ? page["metadata"] : undefined;
  const objects = isRecord(page) ? page["items"] : undefined;
  const version = isRecord(metadata) ? metadata["resourceVersion"] : undefined;
  const token = isRecord(metadata) ? metadata["continue"] : undefined;
  if (
    typeof version !== "string" || !(Array.isArray(objects) || objects === null)
  ) {
    throw new Error("The API server sent a list of unknown form");
  }
  return {
    version,
    objects: objects ?? [],
    continueToken: typeof token === "string" && token !== ""
      ? token
      : undefined,
  };
}
