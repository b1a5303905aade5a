import type {
  JsonObject,
  KubernetesIdentity,
  KubernetesObject,
} from "./json.ts";
import {
  apiVersionOf,
  type ResourceName,
  type ResourceType,
} from "./resources.ts";

/** One change of one object. */
export interface StoreEvent {
  /** What happened to it. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** Type of the object. */
  readonly resource: ResourceName;
  /** Version that the change made. */
  readonly version: number;
  /** The object after the change; of a deletion, its last state with the new version. */
  readonly object: KubernetesObject;
  /** The object before the change. */
  readonly previous: KubernetesObject | undefined;
}

/** An object that is ready to be stored but for its version. */
export interface VersionlessObject extends JsonObject {
  /** Metadata; a resourceVersion in it is overwritten. */
  readonly metadata: KubernetesIdentity;
}

/** The first version of a new store, so that small versions are always too old. */
export const FIRST_VERSION = 1000;

/** Objects, one version counter for all of them, and the changes that led here. */
export class KubernetesStore {
  readonly #objects: Readonly<
    Record<ResourceName, Map<string, KubernetesObject>>
  > = {
    pods: new Map(),
    namespaces: new Map(),
    events: new Map(),
    nodes: new Map(),
    deployments: new Map(),
    statefulsets: new Map(),
    daemonsets: new Map(),
    replicasets: new Map(),
    jobs: new Map(),
    cronjobs: new Map(),
  };
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  #version = FIRST_VERSION;
  #oldestVersion = FIRST_VERSION;

  /**
   * Creates an empty store.
   *
   * @param options `historyLimit`: how many changes are kept; older ones are compacted.
   */
  constructor(options: { readonly historyLimit: number }) {
    this.#historyLimit = options.historyLimit;
  }

  /** Version of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Oldest version from which a watch or a snapshot is still possible. */
  get oldestVersion(): number {
    return this.#oldestVersion;
  }

  /**
   * Finds one object.
   *
   * @param type Its type.
   * @param key Its key, from {@linkcode keyOf}.
   */
  get(type: ResourceType, key: string): KubernetesObject | undefined {
    return this.#objects[type.resource].get(key);
  }

  /**
   * Lists the objects of a type in the order of their keys.
   *
   * @param type Type to list.
   * @param version Version to go back to; the newest if left out. Must not be
   * older than {@linkcode oldestVersion}.
   */
  list(
    type: ResourceType,
    version: number = this.#version,
  ): KubernetesObject[] {
    const objects = new Map(this.#objects[type.resource]);
    for (const event of this.#history.toReversed()) {
      if (event.version <= version) break;
      if (event.resource !== type.resource) continue;
      const key = keyOf(event.object.metadata);
      if (event.previous === undefined) objects.delete(key);
      else objects.set(key, event.previous);
    }
    const byKey = [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
    return byKey.map(([, object]) => object);
  }

  /**
   * Lists the changes after a version, oldest first.
   *
   * @param type Type of the objects.
   * @param version Version of which the caller knows; not older than {@linkcode oldestVersion}.
   */
  changesAfter(type: ResourceType, version: number): StoreEvent[] {
    return this.#history.filter((event) =>
      event.resource === type.resource && event.version > version
    );
  }

  /**
   * Stores an object under the next version and tells every listener.
   *
   * @param type Type of the object.
   * @param object Object to store.
   */
  put(type: ResourceType, object: VersionlessObject): KubernetesObject {
    const stored = this.#stamp(type, object);
    const key = keyOf(stored.metadata);
    const previous = this.#objects[type.resource].get(key);
    this.#objects[type.resource].set(key, stored);
    const change = previous === undefined ? "ADDED" : "MODIFIED";
    this.#record({
      type: change,
      resource: type.resource,
      object: stored,
      previous,
    });
    return stored;
  }

  /**
   * Removes an object under the next version and tells every listener.
   *
   * @param type Type of the object.
   * @param object The stored object.
   * @returns The object's last state, with the version of its deletion.
   */
  remove(type: ResourceType, object: KubernetesObject): KubernetesObject {
    const last = this.#stamp(type, object);
    this.#objects[type.resource].delete(keyOf(object.metadata));
    this.#record({
      type: "DELETED",
      resource: type.resource,
      object: last,
      previous: object,
    });
    return last;
  }

  /** Forgets every change so far: only the newest version can be watched from. */
  compact(): void {
    this.#history = [];
    this.#oldestVersion = this.#version;
  }

  /**
   * Calls a listener at every change, while it is made.
   *
   * @param listener Called once a change; must not throw.
   */
  subscribe(listener: (event: StoreEvent) => void): void {
    this.#listeners.add(listener);
  }

  #stamp(type: ResourceType, object: VersionlessObject): KubernetesObject {
    this.#version += 1;
    const metadata = {
      ...object.metadata,
      resourceVersion: String(this.#version),
    };
    return {
      ...object,
      kind: type.kind,
      apiVersion: apiVersionOf(type),
      metadata,
    };
  }

  #record(event: Omit<StoreEvent, "version">): void {
    const change = { ...event, version: this.#version };
    this.#history.push(change);
    const oldest = this.#history[0];
    if (oldest !== undefined && this.#history.length > this.#historyLimit) {
      this.#history.shift();
      this.#oldestVersion = oldest.version;
    }
    for (const listener of this.#listeners) listener(change);
  }
}

/**
 * Gives the key of an object within its type.
 *
 * @param names Namespace, if it has one, and name.
 */
export function keyOf(
  names: { readonly namespace?: string; readonly name: string },
): string {
  return names.namespace === undefined
    ? names.name
    : `${names.namespace}/${names.name}`;
}
