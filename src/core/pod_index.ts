import { chooseClaimant, type Lookup, type Pod } from "./pod.ts";

/**
 * The pods of this node, found by address.
 *
 * Holds no connection and starts no timer: an informer feeds it, the metadata
 * handler reads it. Keyed by uid, so that a late deletion of one pod can never
 * remove its successor of the same name or address.
 */
export class PodIndex {
  readonly #byUid = new Map<string, Pod>();
  readonly #uidsByAddress = new Map<string, Set<string>>();
  /** Who was found behind an address, until something changes there. */
  readonly #found = new Map<string, Lookup>();

  /** Number of pods held, in any state. */
  get size(): number {
    return this.#byUid.size;
  }

  /** All pods held, in any state. */
  pods(): IterableIterator<Pod> {
    return this.#byUid.values();
  }

  /**
   * Adds a pod or replaces what was known of it.
   *
   * @param pod State of the pod; applying the same state twice changes nothing.
   */
  apply(pod: Pod): void {
    this.remove(pod);
    this.#byUid.set(pod.uid, pod);
    for (const address of pod.addresses) {
      this.#found.delete(address);
      const uids = this.#uidsByAddress.get(address);
      if (uids === undefined) {
        this.#uidsByAddress.set(address, new Set([pod.uid]));
      } else uids.add(pod.uid);
    }
  }

  /**
   * Forgets a pod.
   *
   * @param gone The pod, known by its uid; an unknown one changes nothing.
   */
  remove(gone: Pod): void {
    const pod = this.#byUid.get(gone.uid);
    if (pod === undefined) return;
    const uid = pod.uid;
    this.#byUid.delete(uid);
    for (const address of pod.addresses) {
      this.#found.delete(address);
      const uids = this.#uidsByAddress.get(address);
      uids?.delete(uid);
      if (uids?.size === 0) this.#uidsByAddress.delete(address);
    }
  }

  /**
   * Replaces everything known by a complete list.
   *
   * @param pods All pods there are.
   */
  replaceAll(pods: Iterable<Pod>): void {
    this.#byUid.clear();
    this.#uidsByAddress.clear();
    this.#found.clear();
    for (const pod of pods) this.apply(pod);
  }

  /**
   * Finds the pod that owns an address.
   *
   * @param address Canonical remote address of a connection, never a header.
   */
  find(address: string): Lookup {
    const found = this.#found.get(address);
    if (found !== undefined) return found;
    const uids = this.#uidsByAddress.get(address);
    if (uids === undefined) return { kind: "unknown" };
    const pods: Pod[] = [];
    for (const uid of uids) {
      const pod = this.#byUid.get(uid);
      if (pod !== undefined) pods.push(pod);
    }
    const lookup = chooseClaimant(pods);
    this.#found.set(address, lookup);
    return lookup;
  }
}
