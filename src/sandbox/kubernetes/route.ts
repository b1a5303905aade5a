import { type ResourceType, typeOfResource } from "./resources.ts";
import { KubernetesStatusError } from "./status.ts";

/** What a request does, in the words of Kubernetes' own access rules. */
export interface Action {
  /** Verb, such as `list`, `watch`, `get`, `create`, `update`, `patch` or `delete`. */
  readonly verb: string;
  /** Resource with subresource, such as `pods/status`; a path that names none as it is. */
  readonly resource: string;
  /** Type of the objects; `undefined` for a path outside the resources. */
  readonly type: ResourceType | undefined;
  /** Namespace in the path, if any. */
  readonly namespace: string | undefined;
  /** Name of one object, if the path gives it. */
  readonly name: string | undefined;
}

/** Paths that are not resources. */
const PLAIN_PATHS = new Set(["/version", "/healthz", "/readyz", "/livez"]);

const REVIEWS = "selfsubjectaccessreviews";

/** Where a user asks what it may do; open to all users, as Kubernetes has it by default. */
const REVIEWS_PATH = `/apis/authorization.k8s.io/v1/${REVIEWS}`;

/** Version 1 of the core and of any other group. */
const PREFIX = /^\/(?:api|apis\/([^/]+))\/v1\//;

/**
 * Finds out what a request does.
 *
 * @param method Method of the request.
 * @param url Its target.
 * @returns The action, or the refusal for a path (404) or method (405) that the
 * emulator does not know.
 */
export function findAction(
  method: string,
  url: URL,
): Action | KubernetesStatusError {
  const path = url.pathname;
  if (PLAIN_PATHS.has(path)) {
    if (method !== "GET") return methodNotAllowed();
    const none = { type: undefined, namespace: undefined, name: undefined };
    return { verb: "get", resource: path, ...none };
  }
  if (path === REVIEWS_PATH) {
    if (method !== "POST") return methodNotAllowed();
    const none = { type: undefined, namespace: undefined, name: undefined };
    return { verb: "create", resource: REVIEWS, ...none };
  }
  const [prefix, group = ""] = PREFIX.exec(path) ?? [];
  const target = prefix === undefined
    ? undefined
    : readSteps(path.slice(prefix.length), group);
  if (target === undefined) return unknownPath();
  const verb = findVerb(method, { ...target, query: url.searchParams });
  return verb === undefined ? methodNotAllowed() : { verb, ...target };
}

function readSteps(
  path: string,
  group: string,
): Omit<Action, "verb"> | undefined {
  const steps = path.split("/").map(decodeStep);
  if (steps.includes("")) return undefined;
  const [first = "", second, third, ...rest] = steps;
  const inner = first === "namespaces" && third !== undefined
    ? typeOfResource(third, group)
    : undefined;
  if (inner?.scope === "namespace") {
    return finish(inner, { namespace: second, steps: rest });
  }
  const type = typeOfResource(first, group);
  if (type === undefined || third !== undefined) return undefined;
  if (type.scope === "namespace" && second !== undefined) return undefined;
  const name = second;
  return { resource: type.resource, type, namespace: undefined, name };
}

function finish(
  type: ResourceType,
  place: {
    readonly namespace: string | undefined;
    readonly steps: readonly string[];
  },
): Omit<Action, "verb"> | undefined {
  const { namespace, steps } = place;
  const [name, subresource] = steps;
  if (steps.length > 2 || (subresource ?? "status") !== "status") {
    return undefined;
  }
  const suffix = subresource === undefined ? "" : `/${subresource}`;
  return { resource: `${type.resource}${suffix}`, type, namespace, name };
}

function findVerb(
  method: string,
  target: Omit<Action, "verb"> & { readonly query: URLSearchParams },
): string | undefined {
  const { type, namespace, name, resource, query } = target;
  if (name === undefined) {
    const watch = query.get("watch") ?? "false";
    if (method === "GET") return /^(false|0)$/i.test(watch) ? "list" : "watch";
    const isWhole = type?.scope === "cluster" || namespace !== undefined;
    return method === "POST" && isWhole ? "create" : undefined;
  }
  const verbs = new Map([["GET", "get"], ["PUT", "update"], [
    "PATCH",
    "patch",
  ]]);
  if (!resource.includes("/")) verbs.set("DELETE", "delete");
  return verbs.get(method);
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return "";
  }
}

function unknownPath(): KubernetesStatusError {
  const message = "the server could not find the requested resource";
  return new KubernetesStatusError(404, message, { details: {} });
}

function methodNotAllowed(): KubernetesStatusError {
  const message =
    "the server does not allow this method on the requested resource";
  return new KubernetesStatusError(405, message, { details: {} });
}
