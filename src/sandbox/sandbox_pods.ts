import type {
  NamespaceDescription,
  PodDescription,
} from "./kubernetes/objects.ts";

/** Name of the sandbox's node. */
export const SANDBOX_NODE = "sandbox-node";

const APP = "app@demo-proj.iam.gserviceaccount.com";
const BILLING = "billing@demo-proj.iam.gserviceaccount.com";
const ADMIN = "admin@demo-proj.iam.gserviceaccount.com";

/** Accounts that the sandbox's node may act as. */
export const SANDBOX_ACCOUNTS: readonly string[] = [APP, BILLING, ADMIN];

const ACCOUNT_KEY = "accounts.google.com/service-account";
const SCOPES_KEY = "accounts.google.com/scopes";
const ALLOWED_KEY = "accounts.google.com/allowed-service-accounts";

/** Namespaces of the sandbox, with the accounts that they allow. */
export const SANDBOX_NAMESPACES: readonly NamespaceDescription[] = [
  { name: "default", annotations: { [ALLOWED_KEY]: JSON.stringify([APP]) } },
  {
    name: "billing",
    annotations: {
      [ALLOWED_KEY]: JSON.stringify(["billing@*", "billing-*@*"]),
    },
  },
  {
    name: "shop",
    annotations: {
      [ALLOWED_KEY]: JSON.stringify([
        "shop-*@demo-proj.iam.gserviceaccount.com",
      ]),
    },
  },
];

/** A pod of the sandbox; its address is a loopback one, so that this machine can call from it. */
export interface SandboxPod extends PodDescription {
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Loopback address that it calls from. */
  readonly podIP: string;
  /** Its annotations, perhaps none. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Pods of the sandbox. */
export const SANDBOX_PODS: readonly SandboxPod[] = [
  {
    namespace: "default",
    name: "debug-shell",
    podIP: "127.0.0.1",
    nodeName: SANDBOX_NODE,
    annotations: {
      [ACCOUNT_KEY]: APP,
      [SCOPES_KEY]: "https://www.googleapis.com/auth/cloud-platform",
    },
  },
  {
    namespace: "billing",
    name: "invoices",
    podIP: "127.0.0.11",
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: BILLING },
  },
  {
    namespace: "default",
    name: "plain",
    podIP: "127.0.0.12",
    nodeName: SANDBOX_NODE,
    annotations: {},
  },
  {
    namespace: "shop",
    name: "outsider",
    podIP: "127.0.0.13",
    nodeName: SANDBOX_NODE,
    annotations: { [ACCOUNT_KEY]: ADMIN },
  },
];
