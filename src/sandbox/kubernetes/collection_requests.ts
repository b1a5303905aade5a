import type { SandboxSleep } from "../fault_plan.ts";
import type { KubernetesExchange } from "./exchange.ts";
import type { KubernetesFaultPlan } from "./fault_plan.ts";
import { type JsonObject, textAt } from "./json.ts";
import { makeList, readVersion } from "./list.ts";
import { type ListOptions, readListOptions } from "./list_options.ts";
import type { ResourceType } from "./resources.ts";
import { sendSpoilt } from "./response.ts";
import { invalid, KubernetesStatusError } from "./status.ts";
import type { KubernetesStore } from "./store.ts";
import { WatchStream } from "./watch_stream.ts";
import type { KubernetesWatches } from "./watches.ts";

/** What lists and watches are made from. */
export interface CollectionSources {
  /** Where the objects live. */
  readonly store: KubernetesStore;
  /** Where open watches are kept. */
  readonly watches: KubernetesWatches;
  /** What goes wrong. */
  readonly plan: KubernetesFaultPlan;
  /** How delays and timeouts are waited for. */
  readonly sleep: SandboxSleep;
}

/**
 * Answers a list or a watch.
 *
 * @param exchange Request and response.
 * @param type Type of the objects.
 * @param sources What to answer from.
 * @returns When a list is out; of a watch, when its stream is over.
 * @throws {KubernetesStatusError} If the real server would refuse the request.
 */
export async function answerCollectionRequest(
  exchange: KubernetesExchange,
  type: ResourceType,
  sources: CollectionSources,
): Promise<void> {
  const asked = readListOptions(exchange.url.searchParams, type);
  const { namespace } = exchange.action;
  const options = namespace === undefined
    ? asked
    : { ...asked, selects: within(namespace, asked) };
  if (options.watch) await serveWatch(exchange, type, { ...sources, options });
  else await serveList(exchange, type, { ...sources, options });
}

type Sources = CollectionSources & { readonly options: ListOptions };

async function serveList(
  exchange: KubernetesExchange,
  type: ResourceType,
  sources: Sources,
): Promise<void> {
  const { store, plan, sleep, options } = sources;
  const isWhole = plan.quirks.limit === "ignored";
  const list = makeList(
    store,
    type,
    isWhole ? { ...options, limit: undefined } : options,
  );
  const end = plan.takeListCut() ? "cut" : "whole";
  const delayMs = plan.listDelayMs;
  const wait = delayMs === 0
    ? {}
    : { wait: () => sleep(delayMs, exchange.over) };
  await sendSpoilt(exchange.response, list, { end, ...wait });
}

async function serveWatch(
  exchange: KubernetesExchange,
  type: ResourceType,
  sources: Sources,
): Promise<void> {
  const { watches, plan, options } = sources;
  const version = readVersion(options.resourceVersion);
  if (version === undefined) {
    throw malformedVersion(type, options.resourceVersion);
  }
  const expired = findExpiry(version, sources);
  if (expired !== undefined && plan.quirks.expiredWatch === "status") {
    throw expired;
  }
  const wantsBookmarks = options.allowWatchBookmarks &&
    plan.quirks.bookmarks !== "never";
  const stream = new WatchStream(exchange.response, {
    type,
    selects: options.selects,
    bookmarks: wantsBookmarks ? "wanted" : "unwanted",
  });
  if (expired !== undefined) {
    stream.send({ type: "ERROR", object: expired.status });
    stream.end();
    return;
  }
  exchange.over.addEventListener("abort", () => watches.delete(stream));
  watches.add(stream);
  sendInitialEvents(stream, version, { ...sources, type });
  await endInTime(stream, exchange.over, sources);
}

function sendInitialEvents(
  stream: WatchStream,
  version: number,
  sources: Sources & { readonly type: ResourceType },
): void {
  const { store, options, type } = sources;
  const isFromState = options.sendInitialEvents ?? version === 0;
  if (!isFromState) {
    const from = version === 0 ? store.version : version;
    for (const change of store.changesAfter(type, from)) stream.deliver(change);
    return;
  }
  for (const object of store.list(type).filter(options.selects)) {
    stream.send({ type: "ADDED", object });
  }
  if (options.sendInitialEvents === true) {
    stream.bookmark(store.version, "initial-events");
  }
}

/** Rejections of the wait mean that the stream was over before its time. */
async function endInTime(
  stream: WatchStream,
  over: AbortSignal,
  sources: Sources,
): Promise<void> {
  const { store, watches, sleep, options } = sources;
  if (options.timeoutSeconds === undefined) return;
  await sleep(options.timeoutSeconds * 1000, over).catch(() => undefined);
  if (over.aborted) return;
  stream.bookmark(store.version);
  stream.end();
  watches.delete(stream);
}

function findExpiry(
  version: number,
  sources: Sources,
): KubernetesStatusError | undefined {
  const { store, options } = sources;
  const isReplay = version !== 0 && options.sendInitialEvents !== true;
  if (!isReplay || version >= store.oldestVersion) return undefined;
  const message =
    `too old resource version: ${version} (${store.oldestVersion})`;
  return new KubernetesStatusError(410, message);
}

function malformedVersion(
  type: ResourceType,
  text: string,
): KubernetesStatusError {
  const shown = JSON.stringify(text);
  const message =
    `Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
  const cause = {
    reason: "FieldValueInvalid",
    message,
    field: "resourceVersion",
  };
  return invalid({ kind: type.resource, name: "" }, [cause]);
}

function within(
  namespace: string,
  options: ListOptions,
): (object: JsonObject) => boolean {
  return (object) =>
    textAt(object, "metadata.namespace") === namespace &&
    options.selects(object);
}
