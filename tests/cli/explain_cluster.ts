import { startKubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import type { KubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import {
  controllerObject,
  namespaceObject,
  ownerOf,
  type PodDescription,
  podObject,
} from "../../src/sandbox/kubernetes/objects.ts";
import { DAEMON_RULES, DAEMON_USER } from "../../src/sandbox/daemon_access.ts";

export const NODE = "node-1";
export const APP = "app@demo-proj.iam.gserviceaccount.com";
export const NODE_ACCOUNT = "gke-node@demo-proj.iam.gserviceaccount.com";

/** A token that may do what the daemon's ClusterRole allows, and no more. */
export const DAEMON_TOKEN = "daemon-token";

/** A token that may do anything. */
export const PERSON_TOKEN = "person-token";

const ACCOUNT = "accounts.google.com/service-account";
const SCOPES = "accounts.google.com/scopes";
const ALLOWED = "accounts.google.com/allowed-service-accounts";

export const ADMIN = "admin@demo-proj.iam.gserviceaccount.com";
const MANY = Array.from({ length: 25 }, (_, index) => `team-${index}-*@*`);

const NAMESPACES = [
  { name: "shop", annotations: { [ALLOWED]: '["app@*", "cart-*@*"]' } },
  {
    name: "strict",
    annotations: { [ALLOWED]: JSON.stringify(["[z-a]*", ...MANY]) },
  },
  { name: "broken", annotations: { [ALLOWED]: "app@*" } },
  { name: "bare" },
];

const PODS: readonly PodDescription[] = [
  { name: "cart", podIP: "10.0.0.1", annotations: { [ACCOUNT]: APP } },
  { name: "plain", podIPs: ["10.0.0.2", "fd00::2"] },
  {
    name: "admin",
    podIP: "10.0.0.3",
    annotations: { [ACCOUNT]: ADMIN, [SCOPES]: "storage-ro, userinfo.email" },
  },
  {
    name: "admin",
    namespace: "strict",
    podIP: "10.0.0.4",
    annotations: { [ACCOUNT]: ADMIN },
  },
  {
    name: "app",
    namespace: "broken",
    podIP: "10.0.0.5",
    annotations: { [ACCOUNT]: APP },
  },
  {
    name: "app",
    namespace: "bare",
    podIP: "10.0.0.6",
    annotations: { [ACCOUNT]: APP },
  },
  {
    name: "hostile",
    podIP: "10.0.0.7",
    annotations: { [ACCOUNT]: `\x1b[2J\u202e${APP}` },
  },
  {
    name: "typo",
    podIP: "10.0.0.8",
    annotations: { [ACCOUNT]: APP, [SCOPES]: "cloud-platform, Storage RO" },
  },
  {
    name: "proxy",
    namespace: "kube-system",
    podIP: "10.128.0.2",
    hostNetwork: true,
  },
  { name: "twin-a", podIP: "10.0.0.9", annotations: { [ACCOUNT]: APP } },
  { name: "twin-b", podIP: "10.0.0.9", annotations: { [ACCOUNT]: ADMIN } },
  {
    name: "done",
    podIP: "10.0.0.10",
    phase: "Succeeded",
    annotations: { [ACCOUNT]: APP },
  },
  { name: "leaving", podIP: "10.0.0.11", annotations: { [ACCOUNT]: APP } },
  {
    name: "misspelt",
    podIP: "10.0.0.12",
    annotations: { "accounts.google.com/service-acount": APP },
  },
  { name: "successor", podIP: "10.0.0.11", annotations: { [ACCOUNT]: ADMIN } },
];

/** Starts an API server with a pod for every decision; the daemon's token lets in. */
export async function startExplainedCluster(): Promise<KubernetesApi> {
  const api = await startKubernetesApi({
    now: () => Date.UTC(2026, 0, 2),
    tokens: [
      { token: DAEMON_TOKEN, user: DAEMON_USER, rules: DAEMON_RULES },
      PERSON_TOKEN,
    ],
    objects: [
      ...NAMESPACES.map(namespaceObject),
      ...PODS.map((pod) =>
        podObject({ namespace: "shop", nodeName: NODE, ...pod })
      ),
      podObject({ name: "waiting", namespace: "shop" }),
    ],
  });
  const ref = { resource: "pods", namespace: "shop", name: "leaving" } as const;
  api.cluster.markTerminating(ref);
  createOwnedPods(api);
  return api;
}

/**
 * Creates the Deployment `web` that has the annotation on itself, as its ReplicaSet then
 * has it too; what a pod of theirs says of its owner.
 */
export function createMisplaced(
  { cluster }: KubernetesApi,
  namespace: string,
): ReturnType<typeof ownerOf> {
  const annotations = { [ACCOUNT]: APP };
  const deployment = cluster.create(
    controllerObject({
      kind: "Deployment",
      name: "web",
      namespace,
      annotations,
    }),
  );
  const replicaSet = cluster.create(controllerObject({
    kind: "ReplicaSet",
    name: "web-7f9c",
    namespace,
    annotations,
    owner: ownerOf(deployment),
  }));
  return ownerOf(replicaSet);
}

function createOwnedPods(api: KubernetesApi): void {
  const namespace = "shop";
  const owner = createMisplaced(api, namespace);
  api.cluster.create(podObject({
    name: "web-7f9c-x2x4z",
    namespace,
    nodeName: NODE,
    podIP: "10.0.0.13",
    owner,
  }));
}
