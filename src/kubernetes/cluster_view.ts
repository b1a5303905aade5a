import type { Caller } from "../core/caller.ts";
import { type Namespace, NamespaceIndex } from "../core/namespace_index.ts";
import type { Pod } from "../core/pod.ts";
import { PodIndex } from "../core/pod_index.ts";
import { type AnnotationKeys, decodeNamespace, decodePod } from "./decode.ts";
import { Informer, type Store } from "./informer.ts";
import type { ListAndWatchOptions } from "./list_and_watch.ts";

/** What is watched and read; a change of it needs a new list. */
export interface ClusterSettings {
  /** Keys of the annotations that are read. */
  readonly annotations: AnnotationKeys;
  /** Whether namespaces are left alone, watched for the record, or needed for each decision. */
  readonly namespaces: "ignored" | "watched" | "needed";
}

/** What a {@linkcode ClusterView} needs besides its settings. */
export interface ClusterViewOptions {
  /** Name of the node whose pods are watched; empty for every pod. */
  readonly node: string;
  /** Called after each change of what is known. */
  readonly onChange: () => void;
  /** Called with each pod that is new or changed. */
  readonly onPod: (pod: Pod) => void;
  /** Told of each complete list. */
  readonly onListed: (collection: "pods" | "namespaces") => void;
}

/** An index that tells of what it is given. */
function tellingStore<T>(
  index: Store<T>,
  tell: { onItem?: (item: T) => void; onListed: () => void },
): Store<T> {
  return {
    apply(item: T): void {
      index.apply(item);
      tell.onItem?.(item);
    },
    remove: (item) => index.remove(item),
    replaceAll(items: readonly T[]): void {
      index.replaceAll(items);
      items.forEach((item) => tell.onItem?.(item));
      tell.onListed();
    },
  };
}

/** Pods, and namespaces if needed, as seen with one choice of annotation keys. */
export class ClusterView {
  /** What is watched and read. */
  readonly settings: ClusterSettings;
  /** Pods by address. */
  readonly pods: PodIndex = new PodIndex();
  /** Allow-lists by namespace; empty unless namespaces are watched. */
  readonly namespaces: NamespaceIndex = new NamespaceIndex();
  readonly #podInformer: Informer<Pod>;
  readonly #namespaceInformer: Informer<Namespace> | undefined;
  readonly #synced = Promise.withResolvers<void>();

  /**
   * Creates a view of which nothing is known until {@linkcode run}.
   *
   * @param settings What to watch and read.
   * @param options Node and who is told of changes.
   */
  constructor(settings: ClusterSettings, options: ClusterViewOptions) {
    const { node } = options;
    const { annotations } = settings;
    const onChange = (): void => {
      if (this.hasSynced) this.#synced.resolve();
      options.onChange();
    };
    this.settings = settings;
    this.#podInformer = new Informer({
      path: "/api/v1/pods",
      ...(node === "" ? {} : { fieldSelector: `spec.nodeName=${node}` }),
      decode: (object) => decodePod(object, annotations),
    }, {
      store: tellingStore(this.pods, {
        onItem: options.onPod,
        onListed: () => options.onListed("pods"),
      }),
      onChange,
    });
    this.#namespaceInformer = settings.namespaces !== "ignored"
      ? new Informer({
        path: "/api/v1/namespaces",
        decode: (object) => decodeNamespace(object, annotations),
      }, {
        store: tellingStore(this.namespaces, {
          onListed: () => options.onListed("namespaces"),
        }),
        onChange,
      })
      : undefined;
  }

  /** Whether a complete list of everything that is needed was applied. */
  get hasSynced(): boolean {
    return this.#podInformer.hasSynced &&
      (this.settings.namespaces !== "needed" ||
        this.#namespaceInformer?.hasSynced === true);
  }

  /** Resolves once {@linkcode hasSynced} is true. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Time of the last word on pods, in milliseconds since the Unix epoch. */
  get podContactAtMs(): number | undefined {
    return this.#podInformer.contactAtMs;
  }

  /** Time of the last word on namespaces, in milliseconds since the Unix epoch. */
  get namespaceContactAtMs(): number | undefined {
    return this.#namespaceInformer?.contactAtMs;
  }

  /** Every pod known, in any state, with its namespace's allow-list if that is watched. */
  *callers(): Generator<Caller, void, void> {
    for (const pod of this.pods.pods()) {
      yield { pod, namespace: this.namespaces.find(pod.namespace) };
    }
  }

  /**
   * Follows the cluster until the signal fires; never throws.
   *
   * @param options Collaborators.
   */
  async run(options: ListAndWatchOptions): Promise<void> {
    await Promise.all([
      this.#podInformer.run(options),
      this.#namespaceInformer?.run(options),
    ]);
  }
}
