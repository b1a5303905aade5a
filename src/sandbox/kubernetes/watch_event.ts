import type { JsonObject, KubernetesObject } from "./json.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import type { StoreEvent } from "./store.ts";

/** One event of a watch stream. */
export interface WatchEvent {
  /** What the client should do with the object. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** The object, or the Status of an ERROR. */
  readonly object: JsonObject;
}

/**
 * Turns a change into what a watch with a selector sees of it.
 *
 * An object that begins to match is ADDED. One that ceases to match, or is deleted, is
 * DELETED: the event then shows the last state that matched, with the change's version.
 *
 * @param change Change of one object.
 * @param selects Selector of the watch.
 * @returns The event, or `undefined` if the watch sees nothing of the change.
 */
export function seeThrough(
  change: StoreEvent,
  selects: (object: JsonObject) => boolean,
): WatchEvent | undefined {
  const { object, previous } = change;
  const matched = previous !== undefined && selects(previous);
  const matches = change.type !== "DELETED" && selects(object);
  if (matches) return { type: matched ? "MODIFIED" : "ADDED", object };
  if (!matched) return undefined;
  return { type: "DELETED", object: atVersion(previous, change.version) };
}

/**
 * Makes a BOOKMARK event.
 *
 * @param type Type of the watched objects.
 * @param options Version that the client has seen everything of, and whether the
 * bookmark ends the initial events that the client asked for.
 */
export function makeBookmark(
  type: ResourceType,
  options: { readonly version: number; readonly ends?: "initial-events" },
): WatchEvent {
  const annotations = { "k8s.io/initial-events-end": "true" };
  const metadata = {
    resourceVersion: String(options.version),
    ...(options.ends === undefined ? {} : { annotations }),
  };
  const object = { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
  return { type: "BOOKMARK", object };
}

function atVersion(
  object: KubernetesObject,
  version: number,
): KubernetesObject {
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return { ...object, metadata };
}
