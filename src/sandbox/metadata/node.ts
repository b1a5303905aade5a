import {
  createNodeMetadata,
  createOldestMetadata,
  createServiceAccounts,
  type NodeFacts,
} from "./defaults.ts";
import { MetadataTree } from "./tree.ts";
import type { MetadataDirectory, MetadataValue } from "./tree.ts";
import { NodeCredentials } from "./node_credentials.ts";
import type { NodeAccountOptions } from "./node_tokens.ts";
import type { SigningKey } from "../signing_key.ts";

/** Whether the interfaces from before the header rule are there, as on old nodes. */
export type LegacyMode = "served" | "disabled";

/** What an emulated node has; whatever is left out has a sandbox value. */
export interface MetadataNodeOptions {
  /** Returns the current time in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Names that recur all over the tree. */
  readonly facts?: Partial<NodeFacts>;
  /** Values to set, by their path below `/computeMetadata/v1/`. */
  readonly values?: Readonly<Record<string, MetadataValue>>;
  /** Paths to leave out. */
  readonly absent?: readonly string[];
  /** Service account of the node, or `none`. */
  readonly account?: Partial<NodeAccountOptions> | "none";
  /** Whether the interfaces that need no header are there; `served` when left out. */
  readonly legacy?: LegacyMode;
}

const sandboxFacts: NodeFacts = {
  projectId: "demo-proj",
  projectNumber: "123456789012",
  zone: "europe-west1-b",
  nodeName: "sandbox-node",
  clusterName: "sandbox",
};

/** The state behind a metadata server: its tree, its account and the credentials it gave away. */
export class MetadataNode {
  readonly #facts: NodeFacts;
  #account: NodeAccountOptions | undefined;

  /** What stands below `/computeMetadata/v1/`. */
  readonly tree: MetadataTree;
  /** Makes the node's tokens. */
  readonly credentials: NodeCredentials;
  /** Whether the interfaces that need no header are there. */
  readonly legacy: LegacyMode;

  /**
   * Creates a node.
   *
   * @param options What differs from the sandbox node.
   * @param signingKey Signs identity tokens.
   */
  constructor(options: MetadataNodeOptions, signingKey: SigningKey) {
    this.#facts = { ...sandboxFacts, ...options.facts };
    this.legacy = options.legacy ?? "served";
    this.tree = new MetadataTree(createNodeMetadata(this.#facts));
    this.credentials = new NodeCredentials({ now: options.now, signingKey });
    this.setAccount(options.account ?? {});
    for (const [path, value] of Object.entries(options.values ?? {})) {
      this.tree.set(path, value);
    }
    for (const path of options.absent ?? []) this.tree.remove(path);
  }

  /** Service account of the node, or `undefined` for a node without one. */
  get account(): NodeAccountOptions | undefined {
    return this.#account;
  }

  /** Everything from `/` down, as it is now. */
  get root(): MetadataDirectory {
    const v1 = this.tree.root;
    if (this.legacy === "disabled") return { computeMetadata: { v1 } };
    return {
      "0.1": { "meta-data": createOldestMetadata(v1) },
      computeMetadata: { v1, v1beta1: v1 },
    };
  }

  /**
   * Changes the service account of the node.
   *
   * @param account What differs from the sandbox account, or `none` for a node without one.
   */
  setAccount(account: Partial<NodeAccountOptions> | "none"): void {
    this.#account = account === "none"
      ? undefined
      : { ...createSandboxAccount(this.#facts), ...account };
    this.tree.set(
      "instance/service-accounts",
      createServiceAccounts(this.#account),
    );
  }
}

function createSandboxAccount(facts: NodeFacts): NodeAccountOptions {
  return {
    email: `gke-node@${facts.projectId}.iam.gserviceaccount.com`,
    scopes: [
      "https://www.googleapis.com/auth/cloud-platform",
      "https://www.googleapis.com/auth/userinfo.email",
    ],
    tokenLifetimeSeconds: 3600,
  };
}
