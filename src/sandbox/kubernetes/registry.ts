import { randomInt, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  checkChanges,
  checkCurrent,
  checkFields,
  checkName,
  checkNamespace,
  checkPatched,
  checkPreconditions,
  type Preconditions,
} from "./checks.ts";
import { decodeObject } from "./decoding.ts";
import {
  copyJson,
  type JsonObject,
  type KubernetesObject,
  textAt,
} from "./json.ts";
import { applyMergePatch } from "./merge_patch.ts";
import {
  type ObjectRef,
  RESOURCE_TYPES,
  type ResourceType,
} from "./resources.ts";
import { firstState, nextState, type Writer } from "./states.ts";
import { alreadyExists, KubernetesStatusError, notFound } from "./status.ts";
import {
  keyOf,
  type KubernetesStore,
  type VersionlessObject,
} from "./store.ts";

const UNDELETABLE = new Set(["default", "kube-system", "kube-public"]);
const SUFFIX_SIGNS = "bcdfghjklmnpqrstvwxz2456789";

/** The rules by which objects come into being, change and go, on top of a store. */
export class KubernetesRegistry {
  readonly #store: KubernetesStore;
  readonly #now: () => number;

  /**
   * Creates a registry.
   *
   * @param store Where objects live.
   * @param options `now`: milliseconds since the Unix epoch, for timestamps.
   */
  constructor(store: KubernetesStore, options: { readonly now: () => number }) {
    this.#store = store;
    this.#now = options.now;
  }

  /**
   * Reads an object.
   *
   * @param ref Which one.
   * @throws {KubernetesStatusError} If it does not exist (404).
   */
  get(ref: ObjectRef): KubernetesObject {
    const type = RESOURCE_TYPES[ref.resource];
    const found = this.#store.get(type, keyOf(ref));
    if (found === undefined) throw notFound(type, ref.name);
    return found;
  }

  /**
   * Creates an object.
   *
   * @param type Type of the object.
   * @param sent Object as sent.
   * @param options Who creates it, and the namespace that the request names.
   * @throws {KubernetesStatusError} If the real server would refuse it.
   */
  create(
    type: ResourceType,
    sent: JsonObject,
    options: {
      readonly writer: Writer;
      readonly namespace: string | undefined;
    },
  ): KubernetesObject {
    const { writer, namespace } = options;
    const object = decodeObject(type, sent);
    checkNamespace(object, namespace);
    if (namespace !== undefined) {
      this.get({ resource: "namespaces", name: namespace });
    }
    if (textAt(object, "metadata.resourceVersion") !== "") {
      const message =
        "resourceVersion should not be set on objects to be created";
      throw new KubernetesStatusError(500, message, { reason: "" });
    }
    const creationTimestamp = this.#timestamp();
    const birth = {
      name: nameOf(object),
      namespace,
      uid: randomUUID(),
      creationTimestamp,
    };
    const created = firstState(type, object, { birth, writer });
    checkFields(type, created);
    if (this.#store.get(type, keyOf(created.metadata)) !== undefined) {
      throw alreadyExists(type, birth.name);
    }
    return this.#store.put(type, created);
  }

  /**
   * Replaces an object; one that stays the same keeps its version.
   *
   * @param ref Which one.
   * @param sent Object as sent; a resourceVersion in it must be current.
   * @param options Who replaces it.
   * @throws {KubernetesStatusError} If the real server would refuse it.
   */
  replace(
    ref: ObjectRef,
    sent: JsonObject,
    options: { readonly writer: Writer },
  ): KubernetesObject {
    return this.#update(
      ref,
      decodeObject(RESOURCE_TYPES[ref.resource], sent),
      options.writer,
    );
  }

  /**
   * Applies a JSON merge patch to an object.
   *
   * @param ref Which one.
   * @param patch Patch; a resourceVersion in it must be current.
   * @param options Who patches it.
   * @throws {KubernetesStatusError} If the real server would refuse the patched object.
   */
  patch(
    ref: ObjectRef,
    patch: JsonObject,
    options: { readonly writer: Writer },
  ): KubernetesObject {
    const patched = copyJson(applyMergePatch(this.get(ref), patch));
    checkPatched(RESOURCE_TYPES[ref.resource], patched);
    return this.#update(ref, patched, options.writer);
  }

  /**
   * Marks an object as being deleted, without removing it.
   *
   * @param ref Which one.
   * @param options Seconds of grace, which lie between now and the deletionTimestamp.
   * @throws {KubernetesStatusError} If it does not exist (404).
   */
  markTerminating(
    ref: ObjectRef,
    options: { readonly graceSeconds: number },
  ): KubernetesObject {
    const metadata = {
      deletionTimestamp: this.#timestamp(options.graceSeconds),
      deletionGracePeriodSeconds: options.graceSeconds,
    };
    return this.patch(ref, { metadata }, { writer: "cluster" });
  }

  /**
   * Removes an object at once; a namespace takes what is in it along.
   *
   * @param ref Which one.
   * @param preconditions What must hold of it.
   * @returns A pod's last state; a namespace as it was while terminating.
   * @throws {KubernetesStatusError} If it does not exist (404), a precondition does
   * not hold (409), or the namespace may not be deleted (403).
   */
  remove(ref: ObjectRef, preconditions: Preconditions = {}): KubernetesObject {
    const type = RESOURCE_TYPES[ref.resource];
    const object = this.get(ref);
    checkPreconditions(object, preconditions);
    if (type.resource !== "namespaces") {
      return this.#store.remove(type, object);
    }
    if (!UNDELETABLE.has(ref.name)) return this.#removeNamespace(object);
    const message =
      `namespaces "${ref.name}" is forbidden: this namespace may not be deleted`;
    throw new KubernetesStatusError(403, message, {
      details: { name: ref.name, kind: "namespaces" },
    });
  }

  #removeNamespace(namespace: KubernetesObject): KubernetesObject {
    const { namespaces } = RESOURCE_TYPES;
    const metadata = {
      ...namespace.metadata,
      deletionTimestamp: this.#timestamp(),
    };
    const status = { phase: "Terminating" };
    const terminating = this.#store.put(namespaces, {
      ...namespace,
      metadata,
      status,
    });
    for (const type of Object.values(RESOURCE_TYPES)) {
      for (const object of this.#store.list(type)) {
        if (object.metadata.namespace === metadata.name) {
          this.#store.remove(type, object);
        }
      }
    }
    this.#store.remove(namespaces, terminating);
    return terminating;
  }

  #update(ref: ObjectRef, sent: JsonObject, writer: Writer): KubernetesObject {
    const type = RESOURCE_TYPES[ref.resource];
    checkName(sent, ref.name);
    checkNamespace(sent, ref.namespace);
    const current = this.get(ref);
    checkCurrent(current, sent);
    const next = nextState(current, sent, writer);
    if (writer === "client") checkChanges(type, { from: current, to: next });
    checkFields(type, next);
    return isSame(current, next) ? current : this.#store.put(type, next);
  }

  #timestamp(offsetSeconds = 0): string {
    const time = new Date(this.#now() + offsetSeconds * 1000);
    return time.toISOString().replace(/\.\d+Z$/, "Z");
  }
}

function nameOf(object: JsonObject): string {
  const name = textAt(object, "metadata.name");
  const prefix = textAt(object, "metadata.generateName");
  if (name !== "" || prefix === "") return name;
  const signs = Array.from(
    { length: 5 },
    () => SUFFIX_SIGNS[randomInt(SUFFIX_SIGNS.length)],
  );
  return prefix + signs.join("");
}

/** The real server writes nothing, and makes no version, when an update changes nothing. */
function isSame(current: KubernetesObject, next: VersionlessObject): boolean {
  const { resourceVersion, ...metadata } = current.metadata;
  const { kind, apiVersion } = current;
  return resourceVersion !== "" &&
    isDeepStrictEqual(
      { ...current, metadata },
      copyJson({ ...next, kind, apiVersion }),
    );
}
