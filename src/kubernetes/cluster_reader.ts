import type { Namespace } from "../core/namespace_index.ts";
import type { PlacedPod } from "../core/subject.ts";
import type { ApiClient } from "./api_client.ts";
import {
  type AnnotationKeys,
  decodeNamespace,
  decodeNode,
  decodePod,
} from "./decode.ts";
import { decodeOwner } from "./decode_controller.ts";
import { type Collection, listAll } from "./list_and_watch.ts";

/** What {@linkcode ClusterReader} needs. */
export interface ClusterReaderOptions {
  /** Reads from the API server. */
  readonly api: ApiClient;
  /** Keys of the annotations. */
  readonly keys: AnnotationKeys;
  /** Ends what is being read. */
  readonly signal: AbortSignal;
}

const PODS = "/api/v1/pods";

/**
 * Reads single pods and namespaces, once, by lists alone: the daemon's ClusterRole allows
 * nothing else. Its methods throw what `listAll` does.
 */
export class ClusterReader {
  readonly #options: ClusterReaderOptions;

  /**
   * Creates a reader; nothing is sent yet.
   *
   * @param options Client and keys.
   */
  constructor(options: ClusterReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads one pod.
   *
   * @param namespace Its namespace.
   * @param name Its name.
   * @returns The pod, or `undefined` if there is none.
   */
  async readPod(
    namespace: string,
    name: string,
  ): Promise<PlacedPod | undefined> {
    const [pod] = await this.#list({
      path: `/api/v1/namespaces/${namespace}/pods`,
      fieldSelector: `metadata.name=${name}`,
      decode: (object) => this.#decode(object),
    });
    return pod;
  }

  /**
   * Reads the pods of one node, in any state.
   *
   * @param node Name of the node.
   */
  readNode(node: string): Promise<readonly PlacedPod[]> {
    return this.#list({
      path: PODS,
      fieldSelector: `spec.nodeName=${node}`,
      decode: (object) => this.#decode(object),
    });
  }

  /**
   * Reads every pod that has an address, in any state.
   *
   * The API server selects by a pod's first address only. The first addresses of a
   * cluster's pods are all of one family, so that every pod is gone through only for an
   * address that no pod has in first place.
   *
   * @param address Address in canonical form.
   */
  async readHolders(address: string): Promise<readonly PlacedPod[]> {
    const holders = {
      path: PODS,
      decode: (object: unknown): PlacedPod | undefined => {
        const placed = this.#decode(object);
        return placed?.pod.addresses.includes(address) ? placed : undefined;
      },
    };
    const fieldSelector = `status.podIP=${address}`;
    const first = await this.#list({ ...holders, fieldSelector });
    return first.length > 0 ? first : await this.#list(holders);
  }

  /**
   * Reads one namespace.
   *
   * @param name Name of the namespace.
   * @returns The namespace, or `undefined` if there is none.
   */
  async readNamespace(name: string): Promise<Namespace | undefined> {
    const [namespace] = await this.#list({
      path: "/api/v1/namespaces",
      fieldSelector: `metadata.name=${name}`,
      decode: (object) => decodeNamespace(object, this.#options.keys),
    });
    return namespace;
  }

  #decode(object: unknown): PlacedPod | undefined {
    const pod = decodePod(object, this.#options.keys);
    return pod && {
      pod,
      node: decodeNode(object),
      owner: decodeOwner(object),
    };
  }

  async #list<T>(collection: Collection<T>): Promise<readonly T[]> {
    return (await listAll(collection, this.#options)).items;
  }
}
