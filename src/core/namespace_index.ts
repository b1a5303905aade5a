import type { AllowList } from "./allow_list.ts";

/** A namespace, reduced to what the policy needs. */
export interface Namespace {
  /** Name of the namespace. */
  readonly name: string;
  /** Accounts that its pods may have. */
  readonly allowList: AllowList;
}

/** The cluster's namespaces, found by name. */
export class NamespaceIndex {
  readonly #byName = new Map<string, AllowList>();

  /** Number of namespaces held. */
  get size(): number {
    return this.#byName.size;
  }

  /**
   * Adds a namespace or replaces what was known of it.
   *
   * @param namespace State of the namespace.
   */
  apply(namespace: Namespace): void {
    this.#byName.set(namespace.name, namespace.allowList);
  }

  /**
   * Forgets a namespace.
   *
   * @param namespace The namespace; an unknown one changes nothing.
   */
  remove(namespace: Namespace): void {
    this.#byName.delete(namespace.name);
  }

  /**
   * Replaces everything known by a complete list.
   *
   * @param namespaces All namespaces there are.
   */
  replaceAll(namespaces: Iterable<Namespace>): void {
    this.#byName.clear();
    for (const namespace of namespaces) this.apply(namespace);
  }

  /**
   * Finds a namespace's allow-list.
   *
   * @param name Name of the namespace.
   * @returns The list, or `undefined` if the namespace is not known.
   */
  find(name: string): AllowList | undefined {
    return this.#byName.get(name);
  }
}
