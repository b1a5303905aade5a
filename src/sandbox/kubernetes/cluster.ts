import { type JsonObject, type KubernetesObject, textAt } from "./json.ts";
import { readListOptions } from "./list_options.ts";
import type { KubernetesRegistry } from "./registry.ts";
import {
  type ObjectRef,
  RESOURCE_TYPES,
  type ResourceName,
  typeOfKind,
} from "./resources.ts";
import { badRequest } from "./status.ts";
import type { KubernetesStore } from "./store.ts";

/** Narrows a list that is made in code. */
export interface ListFilter {
  /** Namespace; all if left out. */
  readonly namespace?: string;
  /** Field selector as in a query. */
  readonly fieldSelector?: string;
  /** Label selector as in a query. */
  readonly labelSelector?: string;
}

/**
 * The objects of an emulated cluster, as scheduler, kubelet and controllers change them.
 *
 * The rules are those that hold over HTTP, except that status, the whole spec and
 * deletionTimestamp may be set too. Watches see every change.
 */
export class KubernetesCluster {
  readonly #store: KubernetesStore;
  readonly #registry: KubernetesRegistry;

  /**
   * Creates the view; it holds nothing of its own.
   *
   * @param store Where objects live.
   * @param registry The rules by which they change.
   */
  constructor(store: KubernetesStore, registry: KubernetesRegistry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** Version of the last change. */
  get resourceVersion(): string {
    return String(this.#store.version);
  }

  /**
   * Creates an object.
   *
   * @param object Object with its kind; a pod without a namespace goes to `default`.
   * @returns The object as stored.
   * @throws {KubernetesStatusError} If the real server would refuse it.
   */
  create(object: JsonObject): KubernetesObject {
    const type = typeOfKind(textAt(object, "kind"));
    if (type === undefined) {
      throw badRequest(`no kind "${textAt(object, "kind")}" is emulated`);
    }
    const namespace = type.scope === "cluster"
      ? undefined
      : textAt(object, "metadata.namespace") || "default";
    return this.#registry.create(type, object, {
      writer: "cluster",
      namespace,
    });
  }

  /**
   * Reads an object.
   *
   * @param ref Which one.
   * @throws {KubernetesStatusError} If it does not exist (404).
   */
  get(ref: ObjectRef): KubernetesObject {
    return this.#registry.get(ref);
  }

  /**
   * Lists objects in the order of namespace and name.
   *
   * @param resource Which type.
   * @param filter Which of them; all if left out.
   * @throws {KubernetesStatusError} If a selector is malformed (400).
   */
  list(resource: ResourceName, filter: ListFilter = {}): KubernetesObject[] {
    const { namespace, fieldSelector = "", labelSelector = "" } = filter;
    const type = RESOURCE_TYPES[resource];
    const query = new URLSearchParams({ fieldSelector, labelSelector });
    const { selects } = readListOptions(query, type);
    return this.#store.list(type).filter((object) =>
      selects(object) &&
      (namespace === undefined || object.metadata.namespace === namespace)
    );
  }

  /**
   * Replaces an object.
   *
   * @param ref Which one.
   * @param object Its new state; a resourceVersion in it must be current.
   * @throws {KubernetesStatusError} If the real server would refuse it.
   */
  replace(ref: ObjectRef, object: JsonObject): KubernetesObject {
    return this.#registry.replace(ref, object, { writer: "cluster" });
  }

  /**
   * Applies a JSON merge patch to an object.
   *
   * @param ref Which one.
   * @param patch Patch; `null` removes a property.
   * @throws {KubernetesStatusError} If the real server would refuse the patched object.
   */
  patch(ref: ObjectRef, patch: JsonObject): KubernetesObject {
    return this.#registry.patch(ref, patch, { writer: "cluster" });
  }

  /**
   * Marks an object as being deleted, without removing it.
   *
   * @param ref Which one.
   * @param options Seconds until the deletionTimestamp; 30 if left out.
   * @throws {KubernetesStatusError} If it does not exist (404).
   */
  markTerminating(
    ref: ObjectRef,
    options: { readonly graceSeconds: number } = { graceSeconds: 30 },
  ): KubernetesObject {
    return this.#registry.markTerminating(ref, options);
  }

  /**
   * Removes an object at once; a namespace takes what is in it along.
   *
   * @param ref Which one.
   * @returns Its last state.
   * @throws {KubernetesStatusError} If it does not exist (404) or may not be deleted (403).
   */
  remove(ref: ObjectRef): KubernetesObject {
    return this.#registry.remove(ref);
  }
}
