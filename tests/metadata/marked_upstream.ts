import type { ExposureOptions } from "../../src/core/exposure.ts";
import type { UpstreamRequest } from "../../src/core/upstream.ts";

/** Account of the node, which no pod has. */
export const NODE = "gke-node@demo-proj.iam.gserviceaccount.com";

/** The node's tree; the upstream writes each leaf as `NODE-SECRET<its path>`. */
const TREE = {
  instance: {
    attributes: {
      "cluster-location": "",
      "cluster-name": "",
      "cluster-uid": "",
      "kube-env": "",
      "ssh-keys": "",
      "user-data": "",
    },
    disks: [{ type: "" }, { type: "" }],
    "guest-attributes": { app: { key: "" } },
    hostname: "",
    id: "",
    licenses: [{ id: "" }],
    name: "",
    "network-interfaces": [{ ip: "", "access-configs": [{ type: "" }] }],
    "platform-security": { "auto-mtls-configuration": "" },
    "service-accounts": {
      default: { email: "", scopes: "", token: "" },
      [NODE]: { email: "", scopes: "", token: "" },
    },
    tags: [],
    zone: "",
  },
  oslogin: { users: "" },
  project: {
    attributes: { "ssh-keys": "" },
    "numeric-project-id": "",
    "project-id": "",
  },
} as const;

type Tree = string | readonly Tree[] | { readonly [name: string]: Tree };

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function find(path: readonly string[]): Tree | undefined {
  let at: Tree | undefined = TREE;
  for (const name of path) {
    if (typeof at !== "object") return undefined;
    at = Object.entries<Tree>(at).find(([key]) => key === name)?.[1];
  }
  return at;
}

/** A tree as recursive answers have it. */
function render(tree: Tree, path: string): unknown {
  if (typeof tree === "string") return `NODE-SECRET<${path}>`;
  const below = (name: string): string =>
    path === "" ? name : `${path}/${name}`;
  if (Array.isArray(tree)) {
    return tree.map((one, index) => render(one, below(String(index))));
  }
  const isData = /attributes$|guest-attributes|service-accounts/.test(path);
  return Object.fromEntries(
    Object.entries(tree).map(([name, one]) => [
      isData ? name : camel(name),
      render(one, below(name)),
    ]),
  );
}

/** Body for any request that reaches the real server: everything has a value there. */
export function answerUpstream({ path, query }: UpstreamRequest): string {
  const relative = path.replace(/^\/computeMetadata\/v1\//, "")
    .replace(/\/$/, "");
  const tree = find(relative === "" ? [] : relative.split("/"));
  if (query?.get("recursive") === "true" && tree !== undefined) {
    return JSON.stringify(render(tree, relative));
  }
  if (path.endsWith("/") && typeof tree === "object") {
    return Object.entries<Tree>(tree).map(([name, one]) =>
      `${name}${typeof one === "object" ? "/" : ""}\n`
    ).join("");
  }
  // The client's own words are no leak of another pod's account.
  return `NODE-SECRET<${relative.replaceAll("@", "(at)")}>`;
}

/** Value of `metadata.expose`. */
export type Profile = ExposureOptions["expose"];

export const PROFILES: readonly Profile[] = ["standard", "gke", "all"];

/**
 * Tells whether pods may read an entry; written apart from the source, so that
 * both have to be wrong for a leak to go unseen.
 */
export function mayShow(path: string, profile: Profile): boolean {
  if (!/^(instance|project)(\/|$)/.test(path)) return false;
  if (/(^|\/)service-?accounts(\/|$)/i.test(path)) return false;
  if (/^instance\/attributes\/cluster-(name|location|uid)$/.test(path)) {
    return true;
  }
  if (profile === "all") return true;
  if (profile === "gke") {
    return /^(instance(\/(attributes|hostname|id|zone))?|project(\/(numeric-project-id|project-id))?)$/
      .test(path);
  }
  return !/^(instance|project)\/attributes\/|^project\/attributes$|^instance\/(guest-attributes|platform-security|licenses)(\/|$)/i
    .test(path);
}
